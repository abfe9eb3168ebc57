import {depthwiseConv2d, expandDims, reshape, type Tensor2D, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {
  PACKED_DEPTHWISE_CONV2D,
  PACKED_MATMUL,
  packedDepthwiseConv2d,
  packedMatMul,
} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {depthMultiplierOf} from '../../tfjsInternals.ts';
import type {KernelAdapter, LayerAdapter, PackedRoute} from '../adapter/adapter.ts';
import {hasBias, onlyInput} from '../adapter/singleKernel.ts';
import {lastAxisRows} from '../matrices/lastAxisRows.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {channelMatrices, channelRows} from './channelMatrices.ts';
import {channelsLast, filtersOf, inputFormat, isChannelsFirst, kernelShapeOf, paddingOf, windowsOf} from './windows.ts';

/**
 * SeparableConv2D: a depthwise kernel `[height, width, channels, multiplier]`, then a pointwise one `[1, 1, channels · multiplier, neurons]`,
 * with nothing between them.
 */
export const separableConv2d: LayerAdapter = {
  className: 'SeparableConv2D',

  kernels: (layer) => [
    depthwise,
    {...pointwise, bias: hasBias(layer) ? 2 : undefined, activation: layer.getConfig()['activation']},
  ],

  refusal: (layer) =>
    hasBias(layer) && isChannelsFirst(layer)
      ? 'tfjs adds the bias to the rows of its output, as its channels come first'
      : undefined,

  weights(layer, inputShape) {
    const [height, width, channels] = kernelShapeOf(layer, inputShape);
    const [multiplier, filters] = [depthMultiplierOf(layer), filtersOf(layer)];
    return [
      {name: 'depthwise_kernel', shape: [height, width, channels, multiplier]},
      {name: 'pointwise_kernel', shape: [1, 1, channels * multiplier, filters]},
      ...(hasBias(layer) ? [{name: 'bias', shape: [filters]}] : []),
    ];
  },

  packed: () => packedRoute,
};

const packedRoute: PackedRoute = {
  ops: [PACKED_DEPTHWISE_CONV2D, PACKED_MATMUL],
  endsWithActivation: true,
  prepare(layer, {operand, plain, activation}) {
    const [first, second, bias] = [operand(0), operand(1), plain(2)];
    return ([input]) => {
      const kernelInput = packedDepthwiseConv2d(channelsLast(layer, input), first, windowsOf(layer, input.shape), {
        bias: undefined,
        activation: 'linear',
      });
      const [batch, height, width, channels] = kernelInput.shape;
      const rows: Tensor2D = reshape(kernelInput, [-1, channels]);
      return inputFormat(
        layer,
        reshape(packedMatMul(rows, second, {bias, activation}), [batch, height, width, second.layout.neurons]),
      );
    };
  },
};

const depthwise: KernelAdapter = {
  name: 'depthwise_kernel',
  weight: 0,
  producesLayerOutput: false,
  ...channelMatrices,
  positions,
  kernelInput: onlyInput,
  columns: (layer, input, rows) =>
    tidy(() => channelRows(channelsLast(layer, input), windowsOf(layer, input.shape), rows)),
};

const pointwise: KernelAdapter = {
  name: 'pointwise_kernel',
  weight: 1,
  producesLayerOutput: true,
  ...singleMatrix,
  positions,

  kernelInput: (layer, [input]) =>
    tidy(() => {
      const {strides, dilations} = windowsOf(layer, input.shape);
      const [kernel] = layer.getWeights();
      return depthwiseConv2d(
        channelsLast(layer, input),
        requireRank(kernel, 4),
        [...strides],
        paddingOf(layer),
        'NHWC',
        [...dilations],
      );
    }),

  columns: (_layer, input, rows) => tidy(() => expandDims(lastAxisRows(input, rows), 0)),
};

function positions(layer: layers.Layer, inputShape: readonly number[]): number {
  const {outHeight, outWidth} = windowsOf(layer, inputShape);
  return outHeight * outWidth;
}
