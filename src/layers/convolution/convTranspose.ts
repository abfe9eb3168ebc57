import {expandDims, pad, reshape, type Tensor4D, tidy} from '@tensorflow/tfjs-core';
import {PACKED_CONV2D, packedConv2d} from '../../ops/packed/packedOps.ts';
import type {LayerAdapter} from '../adapter/adapter.ts';
import {type PackedOpRoute, singleKernel} from '../adapter/singleKernel.ts';
import {transposedMatrix} from '../matrices/transposedMatrix.ts';
import {channelsOf, kernelSizeOf, lastChannels, transposedAxes} from './axes.ts';
import {type Axis, positionsOf, tapRows} from './taps.ts';
import {channelsLast, filtersOf, inputFormat, type Windows} from './windows.ts';

/** Conv3DTranspose: kernel `[depth, height, width, neurons, channels]`, a feature is one entry of a window over the input with zeros between its places. */
export const conv3dTranspose = transposedConvolution('Conv3DTranspose');

/** Conv2DTranspose: kernel `[height, width, neurons, channels]`. Packed, it is a convolution over the input with zeros between its places. */
export const conv2dTranspose = transposedConvolution('Conv2DTranspose', {
  op: PACKED_CONV2D,
  run(layer, input, operand, epilogue) {
    const axes = transposedAxes(layer, input.shape);
    return inputFormat(
      layer,
      packedConv2d(withZerosBetween(channelsLast(layer, input), axes), operand, windowsOver(axes), epilogue),
    );
  },
});

function transposedConvolution(className: string, packed?: PackedOpRoute): LayerAdapter {
  return singleKernel({
    className,
    ...transposedMatrix,

    positions: (layer, inputShape) => positionsOf(transposedAxes(layer, inputShape)),

    columns: (layer, input, rows) =>
      tidy(() => expandDims(tapRows(lastChannels(layer, input), transposedAxes(layer, input.shape), rows), 0)),

    kernelShape: (layer, inputShape) => [
      ...kernelSizeOf(layer, inputShape),
      filtersOf(layer),
      channelsOf(layer, inputShape),
    ],

    ...(packed && {packed}),
  });
}

/** Images with zeros behind each row and column. */
function withZerosBetween(images: Tensor4D, [{spacing: down}, {spacing: across}]: readonly Axis[]): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const columns = pad(reshape(images, [batch * height, width, 1, channels]), [
    [0, 0],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const rows = pad(reshape(columns, [batch, height, 1, width * across * channels]), [
    [0, 0],
    [0, 0],
    [0, down - 1],
    [0, 0],
  ]);
  return reshape(rows, [batch, height * down, width * across, channels]);
}

/** The windows over images that are spaced already. */
function windowsOver([y, x]: readonly Axis[]): Windows {
  return {
    outHeight: y.outputs,
    outWidth: x.outputs,
    kernel: [y.taps, x.taps],
    strides: [y.stride, x.stride],
    dilations: [y.dilation, x.dilation],
    top: y.before,
    left: x.before,
  };
}
