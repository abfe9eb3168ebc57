import {expandDims, reshape, type Tensor, type Tensor3D, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter, LayerAdapter} from '../adapter/adapter.ts';
import {hasBias} from '../adapter/singleKernel.ts';
import {
  channelsLast,
  filtersOf,
  isChannelsFirst,
  kernelShapeOf,
  windowRows,
  type Windows,
  windowsOf,
  windowsOver,
} from '../convolution/windows.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {disposeCellState, withoutSideEffects} from './cellState.ts';
import {cellTrace} from './cellTrace.ts';
import {statesRefusal} from './recurrent.ts';

/**
 * ConvLSTM2D: `kernel` `[height, width, channels, 4 · filters]` meets windows of the images of all time steps, `recurrent_kernel`
 * `[height, width, filters, 4 · filters]` those of the hidden states, padded to their own size, without strides and dilation.
 */
export const convLstm2d: LayerAdapter = {
  className: 'ConvLSTM2D',

  refusal: statesRefusal,

  kernels: (layer) => [
    {
      ...imageKernel(windowsOf),
      name: 'kernel',
      weight: 0,
      bias: hasBias(layer) ? 2 : undefined,
      kernelInput: (_layer, [input]) => input,
    },
    {
      ...imageKernel(recurrentWindows),
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
    const [height, width, channels] = kernelShapeOf(layer, imageShape(inputShape));
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

type FindWindows = (layer: layers.Layer, imageShape: readonly number[]) => Windows;

/** A convolution of the images of all time steps. Both kernels have as many windows: one for each pixel of the state. */
function imageKernel(findWindows: FindWindows): Omit<KernelAdapter, 'weight' | 'kernelInput'> {
  return {
    ...singleMatrix,
    producesLayerOutput: false,
    positions(layer, inputShape) {
      const {outHeight, outWidth} = windowsOf(layer, imageShape(inputShape));
      return inputShape[1] * outHeight * outWidth;
    },
    columns: (layer, input, rows) =>
      tidy((): Tensor3D => {
        const images: Tensor = reshape(input, imageShape(input.shape));
        return expandDims(windowRows(channelsLast(layer, images), findWindows(layer, images.shape), rows), 0);
      }),
  };
}

function recurrentWindows(layer: layers.Layer, stateShape: readonly number[]): Windows {
  const [height, width] = isChannelsFirst(layer) ? stateShape.slice(2) : stateShape.slice(1, 3);
  const [kernelHeight, kernelWidth] = kernelShapeOf(layer, stateShape);
  return windowsOver(height, width, {
    kernel: [kernelHeight, kernelWidth],
    strides: [1, 1],
    dilations: [1, 1],
    padding: 'same',
  });
}

/** Numbers of h of one sample at all time steps, as it is or padded for the recurrent kernel. */
function stateSize(layer: layers.Layer, inputShape: readonly number[], padded = false): number {
  const {
    outHeight,
    outWidth,
    kernel: [height, width],
  } = windowsOf(layer, imageShape(inputShape));
  const [down, across] = padded ? [height - 1, width - 1] : [0, 0];
  return inputShape[1] * (outHeight + down) * (outWidth + across) * filtersOf(layer);
}

/** Numbers of one sample that running the cell makes: the inputs as steps, h and c of each, and twelve products and gates of one. */
function traceSize(layer: layers.Layer, inputShape: readonly number[]): number {
  const [, time, ...image] = inputShape;
  const state = stateSize(layer, inputShape);
  return 2 * time * image.reduce((product, length) => product * length, 1) + 3 * state + (12 * state) / time;
}

/** `[batch, time, …]` as `[batch · time, …]`. */
function imageShape([batch, time, ...image]: readonly number[]): number[] {
  return [batch * time, ...image];
}
