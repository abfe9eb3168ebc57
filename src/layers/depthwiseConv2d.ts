import {reshape, type Tensor3D, tidy, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {type Matrix, matrix} from '../numerics/matrix.ts';
import {PACKED_DEPTHWISE_CONV2D, packedDepthwiseConv2d} from '../ops/packedOps.ts';
import {singleKernel} from './singleKernel.ts';
import {channelsLast, inputFormat, kernelShapeOf, windowRows, type Windows, windowsOf} from './windows.ts';

/** DepthwiseConv2D: kernel `[height, width, channels, multiplier]`, one problem `[height · width, multiplier]` for each channel. */
export const depthwiseConv2d = singleKernel({
  className: 'DepthwiseConv2D',
  weighsChannels: true,

  toMatrices(kernel, [height, width, channels, multiplier]): Matrix[] {
    const features = height * width;
    return Array.from({length: channels}, (_, c) => matrix(features, multiplier, Float64Array.from(
      {length: features * multiplier},
      (__, i) => kernel[placeOf(c, i, channels, multiplier)],
    )));
  },

  problems: (shape) => shape[2],

  features: ([height, width]) => height * width,

  neurons: (shape) => shape[3],

  fromMatrices(matrices, [height, width, channels, multiplier]) {
    const kernel = new Float32Array(height * width * channels * multiplier);
    matrices.forEach(({data}, c) => { data.forEach((value, i) => { kernel[placeOf(c, i, channels, multiplier)] = value; }); });
    return kernel;
  },

  positions(layer, inputShape) {
    const {outHeight, outWidth} = undilated(layer, inputShape);
    return outHeight * outWidth;
  },

  columns: (layer, input, rows) => tidy(() => {
    const images = channelsLast(layer, input);
    const windows = undilated(layer, input.shape);
    const [height, width] = windows.kernel;
    const channels = images.shape[3];
    const byWindow: Tensor3D = reshape(windowRows(images, windows, rows), [rows.length, height * width, channels]);
    return transpose(byWindow, [2, 0, 1]);
  }),

  kernelShape: (layer, inputShape) => [...kernelShapeOf(layer, inputShape), Number(layer.getConfig()['depthMultiplier'] ?? 1)],

  packed: {
    op: PACKED_DEPTHWISE_CONV2D,
    run: (layer, input, operand, epilogue) =>
      inputFormat(layer, packedDepthwiseConv2d(channelsLast(layer, input), operand, undilated(layer, input.shape), epilogue)),
  },
});

/** tfjs 4.22 runs a DepthwiseConv2D without dilation, whatever its `dilationRate` says. */
function undilated(layer: layers.Layer, inputShape: readonly number[]): Windows {
  return windowsOf(layer, inputShape, 1);
}

/** Entry i of channel c's matrix, as a place in the flattened kernel. */
function placeOf(channel: number, i: number, channels: number, multiplier: number): number {
  return (Math.floor(i / multiplier) * channels + channel) * multiplier + (i % multiplier);
}
