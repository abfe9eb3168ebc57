import {expandDims, reshape, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {sizeOf} from '../../numerics/sizeOf.ts';
import type {KernelAdapter} from '../adapter/kernelAdapter.ts';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import {hasBias, layerInput} from '../adapter/singleKernel.ts';
import {type ConvGeometry, convGeometry, outputPositions} from '../convolution/convGeometry.ts';
import {channelsLast, filtersOf, windowShape} from '../convolution/convOptions.ts';
import {tapRows} from '../convolution/tapRows.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {disposeCellState, withoutSideEffects} from './cellState.ts';
import {cellTrace} from './cellTrace.ts';
import {statesRefusal} from './recurrent.ts';

/**
 * ConvLSTM2D: `kernel` `[height, width, channels, 4 · filters]` multiplies windows of the images of all time steps,
 * `recurrent_kernel` `[height, width, filters, 4 · filters]` those of the hidden states, padded to their own size,
 * without strides and dilation.
 */
export const convLstm2d: LayerAdapter = {
  className: 'ConvLSTM2D',

  refusal: statesRefusal,

  kernels: (layer) => [
    {
      ...imageKernel(convGeometry),
      name: 'kernel',
      weight: 0,
      bias: hasBias(layer) ? 2 : undefined,
      kernelInput: layerInput,
    },
    {
      ...imageKernel(recurrentGeometry),
      name: 'recurrent_kernel',
      weight: 1,
      kernelInput: (own, inputs, mask) => tidy(() => cellTrace(own, {tensors: inputs, mask}, 0).hidden),
      kernelInputSize: (own, inputShape) => ({
        result: stateSize(own, inputShape, true),
        peak: traceSize(own, inputShape),
      }),
    },
  ],

  weights(layer, inputShape) {
    const filters = filtersOf(layer);
    const [height, width, channels] = windowShape(layer, imageShape(inputShape));
    return [
      {name: 'kernel', shape: [height, width, channels, 4 * filters]},
      {name: 'recurrent_kernel', shape: [height, width, filters, 4 * filters]},
      ...(hasBias(layer) ? [{name: 'bias', shape: [4 * filters]}] : []),
    ];
  },

  scratch: traceSize,

  release: disposeCellState,

  withoutSideEffects,
};

type FindGeometry = (layer: layers.Layer, imageShape: readonly number[]) => ConvGeometry;

/** A convolution of the images of all time steps. Both kernels have one window per pixel of the state. */
function imageKernel(geometryOf: FindGeometry): Omit<KernelAdapter, 'weight' | 'kernelInput'> {
  return {
    ...singleMatrix,
    producesLayerOutput: false,
    positions: (layer, inputShape) => inputShape[1] * outputPositions(convGeometry(layer, imageShape(inputShape))),
    columns: (layer, input, rows) =>
      tidy(() => {
        const images: Tensor = reshape(input, imageShape(input.shape));
        return expandDims(tapRows(channelsLast(layer, images), geometryOf(layer, images.shape), rows), 0);
      }),
  };
}

function recurrentGeometry(layer: layers.Layer, stateShape: readonly number[]): ConvGeometry {
  return convGeometry(layer, stateShape, {strides: [1, 1], dilations: [1, 1], padding: 'same'});
}

/** Numbers per sample of h at all time steps, as it is or padded for the recurrent kernel. */
function stateSize(layer: layers.Layer, inputShape: readonly number[], isPadded = false): number {
  const geometry = convGeometry(layer, imageShape(inputShape));
  const sizes = geometry.map(({outputs, taps}) => (isPadded ? outputs + taps - 1 : outputs));
  return inputShape[1] * sizeOf(sizes) * filtersOf(layer);
}

/**
 * Numbers per sample that running the cell makes: inputs by step, h and c of each, and twelve products and gates of
 * one.
 */
function traceSize(layer: layers.Layer, inputShape: readonly number[]): number {
  const [, time, ...image] = inputShape;
  const state = stateSize(layer, inputShape);
  return 2 * time * sizeOf(image) + 3 * state + (12 * state) / time;
}

/** `[batch, time, …]` as `[batch · time, …]`. */
function imageShape([batch, time, ...image]: readonly number[]): number[] {
  return [batch * time, ...image];
}
