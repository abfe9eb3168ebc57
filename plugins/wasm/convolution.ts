import type {Tensor4D} from '@tensorflow/tfjs-core';
import {backend_util, pad, reshape, slice} from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];

/** The attributes of tfjs's gradient kernels of two-dimensional convolutions. */
export interface ConvolutionAttrs {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
}

/** Strides as [vertical, horizontal]. */
export function strideOf({strides}: ConvolutionAttrs): [number, number] {
  return typeof strides === 'number' ? [strides, strides] : strides;
}

/** Padding, strides and sizes of a convolution over inputs `[batch, height, width, channels]`. */
export function geometryOf(
  inputShape: Shape4D,
  filterShape: Shape4D,
  attrs: ConvolutionAttrs,
  depthwise = false,
): backend_util.Conv2DInfo {
  return backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
  );
}

/**
 * Crops the padded input to what the windows of a convolution reach: (outHeight − 1)·stride + filterHeight rows, and
 * columns in the same way.
 */
export function cropToWindows(x: Tensor4D, geometry: backend_util.Conv2DInfo): Tensor4D {
  const {padInfo, outHeight, outWidth, strideHeight, strideWidth, filterHeight, filterWidth} = geometry;
  return placeInFrame(
    x,
    padInfo.top,
    padInfo.left,
    (outHeight - 1) * strideHeight + filterHeight,
    (outWidth - 1) * strideWidth + filterWidth,
  );
}

/** Pads dy such that a 'valid' convolution of stride 1 with the filter turned by 180° has the size of the input. */
export function spreadGradient(dy: Tensor4D, geometry: backend_util.Conv2DInfo): Tensor4D {
  const {padInfo, inHeight, inWidth, filterHeight, filterWidth, strideHeight, strideWidth} = geometry;
  return placeInFrame(
    insertZeros(dy, strideHeight, strideWidth),
    filterHeight - 1 - padInfo.top,
    filterWidth - 1 - padInfo.left,
    inHeight + filterHeight - 1,
    inWidth + filterWidth - 1,
  );
}

/** Inserts strideHeight − 1 rows of zeros after each row, and strideWidth − 1 columns after each column. */
function insertZeros(dy: Tensor4D, strideHeight: number, strideWidth: number): Tensor4D {
  if (strideHeight === 1 && strideWidth === 1) return dy;
  const [batch, height, width, channels] = dy.shape;
  const cells = reshape(dy, [batch * height, 1, width, 1, channels]);
  const spread = pad(cells, [
    [0, 0],
    [0, strideHeight - 1],
    [0, 0],
    [0, strideWidth - 1],
    [0, 0],
  ]);
  return reshape(spread, [batch, height * strideHeight, width * strideWidth, channels]);
}

/**
 * Puts images at (top, left) into height × width zeros, and crops them where they exceed these; a negative offset crops
 * their start.
 */
function placeInFrame(x: Tensor4D, top: number, left: number, height: number, width: number): Tensor4D {
  const bottom = height - top - x.shape[1];
  const right = width - left - x.shape[2];
  const bordered = [top, left, bottom, right].some((border) => border > 0)
    ? pad(x, [
        [0, 0],
        [Math.max(0, top), Math.max(0, bottom)],
        [Math.max(0, left), Math.max(0, right)],
        [0, 0],
      ])
    : x;
  return [top, left, bottom, right].some((border) => border < 0)
    ? slice(bordered, [0, Math.max(0, -top), Math.max(0, -left), 0], [x.shape[0], height, width, x.shape[3]])
    : bordered;
}
