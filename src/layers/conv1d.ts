import {cast, expandDims, reshape, type Tensor, type Tensor4D, tidy, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {LayerAdapter} from './adapter.ts';
import {singleMatrix} from './singleMatrix.ts';
import {isChannelsFirst, paddingOf, type Windows, windowRows, windowsOver} from './windows.ts';

/** Conv1D: kernel `[length, channels, neurons]`, a convolution over an image of one row. */
export const conv1d: LayerAdapter = {
  className: 'Conv1D',
  ...singleMatrix,

  positions: (layer, inputShape) => windowsOfRow(layer, inputShape).outWidth,

  columns: (layer, input, rows) => tidy(() => expandDims(windowRows(asRow(layer, input), windowsOfRow(layer, input.shape), rows), 0)),
};

/** The input as images `[batch, 1, length, channels]`. */
function asRow(layer: layers.Layer, input: Tensor): Tensor4D {
  const sequence = isChannelsFirst(layer) ? transpose(input, [0, 2, 1]) : input;
  const [batch, length, channels] = sequence.shape;
  return reshape(cast(sequence, 'float32'), [batch, 1, length, channels]);
}

function windowsOfRow(layer: layers.Layer, inputShape: readonly number[]): Windows {
  const {kernelSize, strides, dilationRate} = layer.getConfig();
  return windowsOver(1, inputShape[isChannelsFirst(layer) ? 2 : 1], {
    kernel: [1, first(kernelSize)],
    strides: [1, first(strides ?? 1)],
    dilations: [1, first(dilationRate ?? 1)],
    padding: paddingOf(layer),
  });
}

function first(value: unknown): number {
  return Number(Array.isArray(value) ? value[0] : value);
}
