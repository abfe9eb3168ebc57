import {tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {PACKED_DEPTHWISE_CONV2D, packedDepthwiseConv2d} from '../../ops/packed/packedOps.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {channelMatrices, channelRows} from './channelMatrices.ts';
import {channelsLast, inputFormat, kernelShapeOf, type Windows, windowsOf} from './windows.ts';

/** DepthwiseConv2D: kernel `[height, width, channels, multiplier]`, one problem `[height · width, multiplier]` for each channel. */
export const depthwiseConv2d = singleKernel({
  className: 'DepthwiseConv2D',
  acceptsChannelScales: true,
  ...channelMatrices,

  positions(layer, inputShape) {
    const {outHeight, outWidth} = windowsWithoutDilation(layer, inputShape);
    return outHeight * outWidth;
  },

  columns: (layer, input, rows) =>
    tidy(() => channelRows(channelsLast(layer, input), windowsWithoutDilation(layer, input.shape), rows)),

  kernelShape: (layer, inputShape) => [
    ...kernelShapeOf(layer, inputShape),
    Number(layer.getConfig()['depthMultiplier'] ?? 1),
  ],

  packed: {
    op: PACKED_DEPTHWISE_CONV2D,
    run: (layer, input, operand, epilogue) =>
      inputFormat(
        layer,
        packedDepthwiseConv2d(
          channelsLast(layer, input),
          operand,
          windowsWithoutDilation(layer, input.shape),
          epilogue,
        ),
      ),
  },
});

/** tfjs 4.22 runs a DepthwiseConv2D without dilation, whatever its `dilationRate` says. */
function windowsWithoutDilation(layer: layers.Layer, inputShape: readonly number[]): Windows {
  return windowsOf(layer, inputShape, 1);
}
