import {backend_util} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedWindows} from '../../ops/packed/packedOps.ts';
import {type ConvOptions, convOptions, spatialSizes} from './convOptions.ts';

/** How the windows of a convolution lie on its input, by spatial axis. */
export type ConvGeometry = readonly ConvAxis[];

/**
 * One spatial axis of a convolution: tap i of output o multiplies entry (o · stride + i · dilation − before) / spacing
 * of the input, and a zero where there is no such entry.
 */
export interface ConvAxis {
  /** Entries of the input. */
  readonly length: number;
  /** Entries of the output. */
  readonly outputs: number;
  /** Length of the kernel. */
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the input. */
  readonly before: number;
  /** One more than the zeros between neighbouring entries of the input, which transposed convolutions insert. */
  readonly spacing: number;
}

/**
 * The geometry of a convolution layer.
 * @param changes options with which tfjs runs the layer instead of its own
 */
export function convGeometry(
  layer: layers.Layer,
  inputShape: readonly number[],
  changes: Partial<ConvOptions> = {},
): ConvGeometry {
  const sizes = spatialSizes(layer, inputShape);
  const options = {...convOptions(layer, sizes.length), ...changes};
  return sizes.map((length, axis) => ({
    length,
    taps: options.kernelSize[axis],
    stride: options.strides[axis],
    dilation: options.dilations[axis],
    spacing: 1,
    ...placement(length, axis, options),
  }));
}

/**
 * The geometry of a Conv2DTranspose or Conv3DTranspose: the kernel, reversed, over the input with stride − 1 zeros
 * between its entries. It is the gradient of the convolution from the output to the input. tfjs runs it undilated.
 */
export function transposedGeometry(layer: layers.Layer, inputShape: readonly number[]): ConvGeometry {
  const sizes = spatialSizes(layer, inputShape);
  const options = {...convOptions(layer, sizes.length), dilations: sizes.map(() => 1)};
  return sizes.map((length, axis) => {
    const [taps, stride] = [options.kernelSize[axis], options.strides[axis]];
    const outputs = length * stride + (options.padding === 'same' ? 0 : Math.max(taps - stride, 0));
    const {before} = placement(outputs, axis, options);
    return {length, outputs, taps, stride: 1, dilation: 1, before: taps - 1 - before, spacing: stride};
  });
}

/** Output positions per sample. */
export function outputPositions(geometry: ConvGeometry): number {
  return geometry.reduce((product, {outputs}) => product * outputs, 1);
}

/** Entries of a window, in each channel. */
export function windowSize(geometry: ConvGeometry): number {
  return geometry.reduce((product, {taps}) => product * taps, 1);
}

/** The geometry over images as packed ops take it. The images have the zeros of `spacing` already. */
export function packedWindows([y, x]: ConvGeometry): PackedWindows {
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

/**
 * How many windows tfjs puts along an axis, and how many zeros before the input. For volumes the zeros may be negative,
 * where a stride is longer than the kernel; for images they may not.
 */
function placement(
  length: number,
  axis: number,
  {kernelSize, strides, dilations, padding}: ConvOptions,
): Pick<ConvAxis, 'outputs' | 'before'> {
  const [taps, stride, dilation] = [kernelSize[axis], strides[axis], dilations[axis]];
  if (kernelSize.length === 3) {
    const {outDepth, padInfo} = backend_util.computeConv3DInfo(
      [1, length, 1, 1, 1],
      [taps, 1, 1, 1, 1],
      [stride, 1, 1],
      [dilation, 1, 1],
      padding,
    );
    return {outputs: outDepth, before: padInfo.front};
  }
  const {outHeight, padInfo} = backend_util.computeConv2DInfo(
    [1, length, 1, 1],
    [taps, 1, 1, 1],
    [stride, 1],
    [dilation, 1],
    padding,
  );
  return {outputs: outHeight, before: padInfo.top};
}
