import {cast, type Tensor, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {isChannelsFirst} from '../adapter/channelAxis.ts';

/** The options of a convolution, one number for each spatial axis. */
export interface ConvOptions {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: 'same' | 'valid';
}

/** The options of a convolution layer over an input with this many spatial axes. */
export function convOptions(layer: layers.Layer, axes: number): ConvOptions {
  const {kernelSize, strides, dilationRate, padding} = layer.getConfig();
  return {
    kernelSize: numbersByAxis(kernelSize, axes),
    strides: numbersByAxis(strides ?? 1, axes),
    dilations: numbersByAxis(dilationRate ?? 1, axes),
    // tfjs runs every padding but 'same' as 'valid', and refuses 'causal' itself.
    padding: padding === 'same' ? 'same' : 'valid',
  };
}

/** The spatial sizes of a convolution's input. */
export function spatialSizes(layer: layers.Layer, inputShape: readonly number[]): readonly number[] {
  return isChannelsFirst(layer) ? inputShape.slice(2) : inputShape.slice(1, -1);
}

/** The shape of a convolution's kernel without its filters: `[…kernelSize, channels]`. */
export function windowShape(layer: layers.Layer, inputShape: readonly number[]): number[] {
  const channels = inputShape[isChannelsFirst(layer) ? 1 : inputShape.length - 1];
  return [...convOptions(layer, inputShape.length - 2).kernelSize, channels];
}

/** How many filters a convolution has. */
export function filtersOf(layer: layers.Layer): number {
  return Number(layer.getConfig()['filters']);
}

/** The input of a convolution as `[batch, …axes, channels]`. */
export function channelsLast(layer: layers.Layer, input: Tensor): Tensor {
  const values = cast(input, 'float32');
  const axes = [...values.shape.keys()].slice(2);
  return isChannelsFirst(layer) ? transpose(values, [0, ...axes, 1]) : values;
}

/** An output `[batch, …axes, channels]` in the data format of the layer. */
export function toDataFormat(layer: layers.Layer, output: Tensor): Tensor {
  const axes = [...output.shape.keys()].slice(1, -1);
  return isChannelsFirst(layer) ? transpose(output, [0, output.rank - 1, ...axes]) : output;
}

function numbersByAxis(value: unknown, axes: number): number[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return Array.from({length: axes}, (_, axis) => Number(values[Math.min(axis, values.length - 1)]));
}
