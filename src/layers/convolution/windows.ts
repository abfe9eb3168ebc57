import {backend_util, cast, type Tensor, type Tensor2D, type Tensor4D, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedWindows} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {tapRows} from './taps.ts';

/** Where the windows of a two-dimensional convolution lie. */
export type Windows = PackedWindows;

/** The settings of a convolution, one number for each of the two axes. */
export interface WindowOptions {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * The windows of a Conv2D or DepthwiseConv2D over an input of its own data format.
 * @param dilationRate the layer's own, unless tfjs runs it with another
 */
export function windowsOf(layer: layers.Layer, inputShape: readonly number[], dilationRate?: number): Windows {
  const config = layer.getConfig();
  const [height, width] = isChannelsFirst(layer) ? inputShape.slice(2, 4) : inputShape.slice(1, 3);
  return windowsOver(height, width, {
    kernel: pairOf(config['kernelSize']),
    strides: pairOf(config['strides'] ?? 1),
    dilations: pairOf(dilationRate ?? config['dilationRate'] ?? 1),
    padding: paddingOf(layer),
  });
}

/** The windows of a convolution over an image; tfjs itself says where they lie. */
export function windowsOver(
  height: number,
  width: number,
  {kernel, strides, dilations, padding}: WindowOptions,
): Windows {
  const {
    outHeight,
    outWidth,
    padInfo: {top, left},
  } = backend_util.computeConv2DInfo([1, height, width, 1], [...kernel, 1, 1], [...strides], [...dilations], padding);
  return {outHeight, outWidth, kernel, strides, dilations, top, left};
}

/** tfjs runs every padding but `'same'` as `'valid'`, and refuses `'causal'` by itself. */
export function paddingOf(layer: layers.Layer): 'same' | 'valid' {
  return layer.getConfig()['padding'] === 'same' ? 'same' : 'valid';
}

/** Whether the channel axis comes before the spatial ones. */
export function isChannelsFirst(layer: layers.Layer): boolean {
  return layer.getConfig()['dataFormat'] === 'channelsFirst';
}

/** The input as `[batch, height, width, channels]`. */
export function channelsLast(layer: layers.Layer, input: Tensor): Tensor4D {
  const image = cast(requireRank(input, 4), 'float32');
  return isChannelsFirst(layer) ? transpose(image, [0, 2, 3, 1]) : image;
}

/** Images `[batch, height, width, channels]` in the data format of the layer. */
export function inputFormat(layer: layers.Layer, images: Tensor4D): Tensor4D {
  return isChannelsFirst(layer) ? transpose(images, [0, 3, 1, 2]) : images;
}

/** Height, width and channels of the kernel of a Conv2D or DepthwiseConv2D. */
export function kernelShapeOf(layer: layers.Layer, inputShape: readonly number[]): [number, number, number] {
  return [
    ...pairOf(layer.getConfig()['kernelSize']),
    isChannelsFirst(layer) ? inputShape[1] : inputShape[inputShape.length - 1],
  ];
}

/** How many filters a convolution has. */
export function filtersOf(layer: layers.Layer): number {
  return Number(layer.getConfig()['filters']);
}

/**
 * The chosen windows as rows, in the order of a flattened kernel (height, width, channel).
 * @param input `[batch, height, width, channels]`
 * @param rows indices into batch · outHeight · outWidth windows
 * @returns `[rows, kernelHeight · kernelWidth · channels]`
 */
export function windowRows(
  input: Tensor4D,
  {outHeight, outWidth, kernel, strides, dilations, top, left}: Windows,
  rows: Int32Array,
): Tensor2D {
  const [, height, width] = input.shape;
  return tapRows(
    input,
    [
      {
        length: height,
        outputs: outHeight,
        taps: kernel[0],
        stride: strides[0],
        dilation: dilations[0],
        before: top,
        spacing: 1,
      },
      {
        length: width,
        outputs: outWidth,
        taps: kernel[1],
        stride: strides[1],
        dilation: dilations[1],
        before: left,
        spacing: 1,
      },
    ],
    rows,
  );
}

function pairOf(value: unknown): [number, number] {
  return Array.isArray(value) ? [Number(value[0]), Number(value[value.length - 1])] : [Number(value), Number(value)];
}
