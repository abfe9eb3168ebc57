import {backend_util, cast, type Tensor, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Axis} from './taps.ts';
import {isChannelsFirst, paddingOf} from './windows.ts';

/** The axes of a Conv2D or Conv3D. */
export function convolutionAxes(layer: layers.Layer, inputShape: readonly number[]): Axis[] {
  return spaceOf(layer, inputShape).map((length, axis, {length: rank}) => {
    const settings = settingsOf(layer, axis);
    const {taps, stride, dilation} = settings;
    return {length, taps, stride, dilation, spacing: 1, ...placementOf(length, settings, rank)};
  });
}

/**
 * The axes of a Conv2DTranspose or Conv3DTranspose: the kernel, from its end to its beginning, over the input with stride − 1 zeros between its
 * places. It is the gradient of the convolution that would make the input of the output. tfjs runs it without dilation.
 */
export function transposedAxes(layer: layers.Layer, inputShape: readonly number[]): Axis[] {
  return spaceOf(layer, inputShape).map((length, axis, {length: rank}) => {
    const settings = {...settingsOf(layer, axis), dilation: 1};
    const {taps, stride, padding} = settings;
    const outputs = length * stride + (padding === 'same' ? 0 : Math.max(taps - stride, 0));
    const {before} = placementOf(outputs, settings, rank);
    return {length, outputs, taps, stride: 1, dilation: 1, before: taps - 1 - before, spacing: stride};
  });
}

/** The input as `[batch, …axes, channels]`. */
export function lastChannels(layer: layers.Layer, input: Tensor): Tensor {
  const values = cast(input, 'float32');
  return isChannelsFirst(layer)
    ? transpose(values, [0, ...values.shape.keys()].filter((axis, i) => i === 0 || axis > 1).concat(1))
    : values;
}

/** How long the kernel of a convolution is along each axis. */
export function kernelSizeOf(layer: layers.Layer, inputShape: readonly number[]): number[] {
  return spaceOf(layer, inputShape).map((_, axis) => settingsOf(layer, axis).taps);
}

/** How many channels the input of a convolution has. */
export function channelsOf(layer: layers.Layer, inputShape: readonly number[]): number {
  return inputShape[isChannelsFirst(layer) ? 1 : inputShape.length - 1];
}

/** The settings of a convolution along one axis. */
interface AxisSettings {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: 'same' | 'valid';
}

function settingsOf(layer: layers.Layer, axis: number): AxisSettings {
  const {kernelSize, strides, dilationRate} = layer.getConfig();
  return {
    taps: entryOf(kernelSize, axis),
    stride: entryOf(strides ?? 1, axis),
    dilation: entryOf(dilationRate ?? 1, axis),
    padding: paddingOf(layer),
  };
}

function entryOf(value: unknown, axis: number): number {
  return Number(Array.isArray(value) ? value[axis] : value);
}

/** Lengths of the input along its axes. */
function spaceOf(layer: layers.Layer, inputShape: readonly number[]): readonly number[] {
  return isChannelsFirst(layer) ? inputShape.slice(2) : inputShape.slice(1, -1);
}

/**
 * Where tfjs puts the windows of a convolution along an axis: how many there are, and how many zeros come before the input.
 * Over volumes these may be less than none, where a stride is longer than the kernel; over images they may not.
 */
function placementOf(
  length: number,
  {taps, stride, dilation, padding}: AxisSettings,
  rank: number,
): {outputs: number; before: number} {
  if (rank === 2) {
    const {
      outHeight,
      padInfo: {top},
    } = backend_util.computeConv2DInfo([1, length, 1, 1], [taps, 1, 1, 1], [stride, 1], [dilation, 1], padding);
    return {outputs: outHeight, before: top};
  }
  const {
    outDepth,
    padInfo: {front},
  } = backend_util.computeConv3DInfo(
    [1, length, 1, 1, 1],
    [taps, 1, 1, 1, 1],
    [stride, 1, 1],
    [dilation, 1, 1],
    padding,
  );
  return {outputs: outDepth, before: front};
}
