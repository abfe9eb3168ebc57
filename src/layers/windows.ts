import {backend_util, cast, pad, reshape, type Tensor, type Tensor2D, type Tensor4D, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedWindows} from '../ops/packedOps.ts';
import {takeRows} from '../ops/takeRows.ts';

/** Where the windows of a two-dimensional convolution lie. */
export interface Windows extends PackedWindows {
  /** Rows and columns of zeros after the input. */
  readonly bottom: number;
  readonly right: number;
}

/** The settings of a convolution, one number for each of the two axes. */
export interface Convolution {
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
export function windowsOver(height: number, width: number, {kernel, strides, dilations, padding}: Convolution): Windows {
  const {outHeight, outWidth, padInfo: {top, bottom, left, right}} = backend_util.computeConv2DInfo(
    [1, height, width, 1], [...kernel, 1, 1], [...strides], [...dilations], padding);
  return {outHeight, outWidth, kernel, strides, dilations, top, bottom, left, right};
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
  const image = cast<Tensor4D>(input as Tensor4D, 'float32');
  return isChannelsFirst(layer) ? transpose(image, [0, 2, 3, 1]) : image;
}

/** Images `[batch, height, width, channels]` in the data format of the layer. */
export function inputFormat(layer: layers.Layer, images: Tensor4D): Tensor4D {
  return isChannelsFirst(layer) ? transpose(images, [0, 3, 1, 2]) : images;
}

/** Height, width and channels of the kernel of a Conv2D or DepthwiseConv2D. */
export function kernelShapeOf(layer: layers.Layer, inputShape: readonly number[]): [number, number, number] {
  return [...pairOf(layer.getConfig()['kernelSize']), isChannelsFirst(layer) ? inputShape[1] : inputShape[inputShape.length - 1]];
}

/** How many filters a Conv1D or Conv2D has. */
export function filtersOf(layer: layers.Layer): number {
  return Number(layer.getConfig()['filters']);
}

/**
 * The chosen windows as rows, in the order of a flattened kernel (height, width, channel).
 * One gather serves every stride, dilation and padding.
 * @param input `[batch, height, width, channels]`
 * @param rows indices into batch · outHeight · outWidth windows
 * @returns `[rows, kernelHeight · kernelWidth · channels]`
 */
export function windowRows(input: Tensor4D, windows: Windows, rows: Int32Array): Tensor2D {
  const padded = pad(input, [[0, 0], [windows.top, windows.bottom], [windows.left, windows.right], [0, 0]]);
  const [batch, height, width, channels] = padded.shape;
  const pixels: Tensor2D = reshape(padded, [batch * height * width, channels]);
  const [kernelHeight, kernelWidth] = windows.kernel;
  const chosen = takeRows(pixels, pixelIndices(windows, rows, height, width));
  return reshape(chosen, [rows.length, kernelHeight * kernelWidth * channels]);
}

function pixelIndices({outHeight, outWidth, kernel, strides, dilations}: Windows, rows: Int32Array, height: number, width: number): Int32Array {
  const indices = new Int32Array(rows.length * kernel[0] * kernel[1]);
  let to = 0;
  for (const row of rows) {
    const sample = Math.floor(row / (outHeight * outWidth));
    const y = (Math.floor(row / outWidth) % outHeight) * strides[0];
    const x = (row % outWidth) * strides[1];
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) indices[to++] = (sample * height + y + i * dilations[0]) * width + x + j * dilations[1];
    }
  }
  return indices;
}

function pairOf(value: unknown): [number, number] {
  return Array.isArray(value) ? [Number(value[0]), Number(value[value.length - 1])] : [Number(value), Number(value)];
}
