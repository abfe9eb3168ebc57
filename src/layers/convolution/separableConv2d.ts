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
import {isChannelsFirst} from '../adapter/channelAxis.ts';
import type {KernelAdapter} from '../adapter/kernelAdapter.ts';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import type {PackedRoute} from '../adapter/packedRoute.ts';
import {hasBias, layerInput} from '../adapter/singleKernel.ts';
import {lastAxisRows} from '../matrices/lastAxisRows.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {channelMatrices, channelRows} from './channelMatrices.ts';
import {convGeometry, outputPositions, packedWindows} from './convGeometry.ts';
import {channelsLast, convOptions, filtersOf, toDataFormat, windowShape} from './convOptions.ts';

/**
 * SeparableConv2D: a depthwise kernel `[height, width, channels, multiplier]`, followed directly by a pointwise one
 * `[1, 1, channels · multiplier, neurons]`.
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
    const [height, width, channels] = windowShape(layer, inputShape);
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
      const images = requireRank(channelsLast(layer, input), 4);
      const windows = packedWindows(convGeometry(layer, input.shape));
      const depthwiseOutput = packedDepthwiseConv2d(images, first, windows, {bias: undefined, activation: 'linear'});
      const [batch, height, width, channels] = depthwiseOutput.shape;
      const rows: Tensor2D = reshape(depthwiseOutput, [-1, channels]);
      const output = packedMatMul(rows, second, {bias, activation});
      return toDataFormat(layer, reshape(output, [batch, height, width, second.layout.neurons]));
    };
  },
};

const depthwise: KernelAdapter = {
  name: 'depthwise_kernel',
  weight: 0,
  producesLayerOutput: false,
  ...channelMatrices,
  positions,
  kernelInput: layerInput,
  columns: (layer, input, rows) =>
    tidy(() => channelRows(channelsLast(layer, input), convGeometry(layer, input.shape), rows)),
};

const pointwise: KernelAdapter = {
  name: 'pointwise_kernel',
  weight: 1,
  producesLayerOutput: true,
  ...singleMatrix,
  positions,

  kernelInput: (layer, [input]) =>
    tidy(() => {
      const {strides, dilations} = packedWindows(convGeometry(layer, input.shape));
      const kernel = requireRank(layer.getWeights()[0], 4);
      const images = requireRank(channelsLast(layer, input), 4);
      const {padding} = convOptions(layer, 2);
      return depthwiseConv2d(images, kernel, [...strides], padding, 'NHWC', [...dilations]);
    }),

  columns: (_layer, input, rows) => tidy(() => expandDims(lastAxisRows(input, rows), 0)),
};

function positions(layer: layers.Layer, inputShape: readonly number[]): number {
  return outputPositions(convGeometry(layer, inputShape));
}
