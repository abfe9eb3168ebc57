import {cast, expandDims, reshape, type Tensor, type Tensor4D, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {PACKED_CONV2D, packedConv2d} from '../../ops/packed/packedOps.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {filtersOf, paddingOf, windowRows, type Windows, windowsOver} from './windows.ts';

/**
 * Conv1D: kernel `[length, channels, neurons]`, a convolution over an image of one row.
 * Its channels are last: tfjs forgets another `dataFormat` when it copies or saves the layer.
 */
export const conv1d = singleKernel({
  className: 'Conv1D',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions: (layer, inputShape) => windowsOfRow(layer, inputShape).outWidth,

  columns: (layer, input, rows) =>
    tidy(() => expandDims(windowRows(asRow(input), windowsOfRow(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [first(layer.getConfig()['kernelSize']), inputShape[2], filtersOf(layer)],

  packed: {
    op: PACKED_CONV2D,
    run: (layer, input, operand, epilogue) => {
      const output = packedConv2d(asRow(input), operand, windowsOfRow(layer, input.shape), epilogue);
      return reshape(output, [output.shape[0], output.shape[2], output.shape[3]]);
    },
  },
});

/** The input as images `[batch, 1, length, channels]`. */
function asRow(input: Tensor): Tensor4D {
  const [batch, length, channels] = input.shape;
  return reshape(cast(input, 'float32'), [batch, 1, length, channels]);
}

function windowsOfRow(layer: layers.Layer, inputShape: readonly number[]): Windows {
  const {kernelSize, strides, dilationRate} = layer.getConfig();
  return windowsOver(1, inputShape[1], {
    kernel: [1, first(kernelSize)],
    strides: [1, first(strides ?? 1)],
    dilations: [1, first(dilationRate ?? 1)],
    padding: paddingOf(layer),
  });
}

function first(value: unknown): number {
  return Number(Array.isArray(value) ? value[0] : value);
}
