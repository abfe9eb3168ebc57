import {tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {PACKED_DEPTHWISE_CONV2D, packedDepthwiseConv2d} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {channelMatrices, channelRows} from './channelMatrices.ts';
import {type ConvGeometry, convGeometry, outputPositions, packedWindows} from './convGeometry.ts';
import {channelsLast, toDataFormat, windowShape} from './convOptions.ts';

/** DepthwiseConv2D: kernel `[height, width, channels, multiplier]`, one matrix per channel. */
export const depthwiseConv2d = singleKernel({
  className: 'DepthwiseConv2D',
  acceptsChannelScales: true,
  ...channelMatrices,

  positions: (layer, inputShape) => outputPositions(geometryWithoutDilation(layer, inputShape)),

  columns: (layer, input, rows) =>
    tidy(() => channelRows(channelsLast(layer, input), geometryWithoutDilation(layer, input.shape), rows)),

  kernelShape: (layer, inputShape) => [
    ...windowShape(layer, inputShape),
    Number(layer.getConfig()['depthMultiplier'] ?? 1),
  ],

  packed: {
    op: PACKED_DEPTHWISE_CONV2D,
    run: (layer, input, operand, epilogue) => {
      const images = requireRank(channelsLast(layer, input), 4);
      const windows = packedWindows(geometryWithoutDilation(layer, input.shape));
      return toDataFormat(layer, packedDepthwiseConv2d(images, operand, windows, epilogue));
    },
  },
});

/** tfjs 4.22 runs a DepthwiseConv2D without dilation, even if its `dilationRate` is not 1. */
function geometryWithoutDilation(layer: layers.Layer, inputShape: readonly number[]): ConvGeometry {
  return convGeometry(layer, inputShape, {dilations: [1, 1]});
}
