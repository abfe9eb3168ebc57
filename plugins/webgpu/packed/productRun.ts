import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {PackedLayout} from '../../../src/ops/packed/packedOperand.ts';
import type {PackedAttrs, PackedInputs, PackedWindows} from '../../../src/ops/packed/packedOps.ts';
import {runProgram} from '../program.ts';
import {gatherProgram} from './gatherProgram.ts';
import {optionalBuffers, packedBuffers} from './packedBuffers.ts';
import {layoutUniforms, windowUniforms} from './packedUniforms.ts';
import {productInvocations, type ProductTile, readsVectors} from './productForm.ts';
import {productProgram} from './productProgram.ts';
import {productTile} from './productTile.ts';

/** Images `[batch, height, width, channels]` and the windows that are the rows of a product. */
export interface WindowedImages extends PackedWindows {
  readonly x: TensorInfo;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** One product on the device. */
export interface ProductCall {
  readonly backend: WebGPUBackend;
  readonly inputs: PackedInputs;
  readonly attrs: PackedAttrs;
  /** `[…, neurons]`. */
  readonly output: TensorInfo;
  /** Default: the one that fits the device. */
  readonly tile?: ProductTile;
  /** Bytes that a buffer of rows may take. Default: what the device can bind. */
  readonly maxBytes?: number;
}

/** Rows of a product as the program reads them: all rows of the result, or those from `firstRow` on. */
interface ProductRows {
  readonly x: TensorInfo;
  readonly rows: number;
  readonly firstRow: number;
  /** Numbers from one row to the next, and from one group of features to the next. */
  readonly rowStride: number;
  readonly groupStride: number;
  /** Where rows are windows of x. */
  readonly images?: WindowedImages;
}

/** y = act(x Q + bias) of windows of images; a row of a matrix is an image of one pixel. */
export function runProduct(call: ProductCall, images: WindowedImages): void {
  const {layout} = call.attrs;
  const {features, groupSize, perRun} = layout;
  const {x, batch, outHeight, outWidth, channels} = images;
  const all = {x, rows: batch * outHeight * outWidth, firstRow: 0, rowStride: channels, groupStride: groupSize};
  if (isEveryPixel(images) && (!readsVectors(layout) || [features, groupSize].every((size) => size % 4 === 0)))
    runRows(call, all);
  else if (!readsVectors(layout) || [channels, groupSize].some((size) => size % perRun !== 0))
    runGathered(call, images);
  else if (staysInside(images)) runRows(call, {...all, images});
  else runPadded(call, images);
}

function isEveryPixel(images: WindowedImages): boolean {
  const {
    kernel: [height, width],
    strides: [down, right],
  } = images;
  return (
    height * width * down * right === 1 &&
    images.outHeight === images.height &&
    images.outWidth === images.width &&
    images.top === 0 &&
    images.left === 0
  );
}

function staysInside(images: WindowedImages): boolean {
  const {height, width} = extentOf(images);
  return images.top === 0 && images.left === 0 && height <= images.height && width <= images.width;
}

/** The pixels that windows reach, padding included. */
function extentOf({outHeight, outWidth, kernel, strides, dilations}: PackedWindows): {height: number; width: number} {
  return {
    height: (outHeight - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1,
    width: (outWidth - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1,
  };
}

/** Writes windows out as rows, each group padded to a multiple of four features. */
function runGathered(call: ProductCall, images: WindowedImages): void {
  const {
    layout: {features, groupSize, groups},
  } = call.attrs;
  const groupStride = readsVectors(call.attrs.layout) ? 4 * Math.ceil(groupSize / 4) : groupSize;
  const rowStride = groups * groupStride;
  const all = images.batch * images.outHeight * images.outWidth;
  runInParts(call, all, rowStride, (firstRow, rows, x) => {
    gather(call.backend, images, {rows, firstRow, features, groupSize, groups, groupStride}, x);
    runRows(call, {x, rows, firstRow, rowStride, groupStride});
  });
}

/** Writes images out with their padding, so that no window leaves them. */
function runPadded(call: ProductCall, images: WindowedImages): void {
  const {channels, outHeight, outWidth} = images;
  const {height, width} = extentOf(images);
  const pixels: WindowedImages = {
    ...images,
    outHeight: height,
    outWidth: width,
    kernel: [1, 1],
    strides: [1, 1],
    dilations: [1, 1],
  };
  runInParts(call, images.batch, height * width * channels, (first, batch, x) => {
    const rows = {rows: batch * height * width, firstRow: first * height * width};
    gather(
      call.backend,
      pixels,
      {...rows, features: channels, groupSize: channels, groups: 1, groupStride: channels},
      x,
    );
    const inside = {...images, x, batch, height, width, top: 0, left: 0};
    runRows(call, {
      x,
      rows: batch * outHeight * outWidth,
      firstRow: first * outHeight * outWidth,
      rowStride: channels,
      groupStride: call.attrs.layout.groupSize,
      images: inside,
    });
  });
}

/** Runs in parts, each with a buffer of its own, so that no buffer is larger than the device can bind. */
function runInParts(
  {backend, maxBytes = backend.device.limits.maxStorageBufferBindingSize}: ProductCall,
  count: number,
  numbers: number,
  run: (first: number, count: number, buffer: TensorInfo) => void,
): void {
  const max = Math.max(1, Math.floor(maxBytes / (4 * numbers)));
  for (let first = 0; first < count; first += max) {
    const part = Math.min(max, count - first);
    const buffer = backend.makeTensorInfo([part, numbers], 'float32');
    run(first, part, buffer);
    backend.disposeData(buffer.dataId);
  }
}

type GatheredRows = Readonly<Record<'rows' | 'firstRow' | 'features' | 'groupSize' | 'groups' | 'groupStride', number>>;

function gather(backend: WebGPUBackend, images: WindowedImages, rows: GatheredRows, output: TensorInfo): void {
  const {height, width, channels, top, left} = images;
  runProgram(backend, gatherProgram, {
    inputs: {x: images.x},
    uniforms: {...rows, ...windowUniforms(images), height, width, channels, top, left},
    invocations: rows.rows * rows.groups * rows.groupStride,
    output,
  });
}

function runRows(
  {backend, inputs, attrs: {layout, activation}, output, tile: given}: ProductCall,
  part: ProductRows,
): void {
  const {x, rows, firstRow, rowStride, groupStride, images} = part;
  const tile = given ?? productTile(backend, rows, layout.neurons, layout);
  const unit = readsVectors(layout) ? 4 : 1;
  const program = productProgram({
    ...optionalBuffers(inputs),
    letters: layout,
    activation,
    source: images ? 'windows' : 'rows',
    runs: hasFullRuns(layout) ? 'full' : 'broken',
    tile,
  });
  runProgram(backend, program, {
    inputs: {...packedBuffers(inputs), x},
    uniforms: {
      ...layoutUniforms(layout),
      ...windowUniforms(images ?? ONE_PIXEL),
      ...pixelStrides(images ?? ONE_PIXEL, unit),
      rows,
      firstRow,
      rowStride: rowStride / unit,
      groupStride: groupStride / unit,
    },
    invocations: productInvocations(rows, layout.neurons, tile),
    output,
  });
}

/** Whether every group, the last and perhaps shorter one too, fills its runs. */
function hasFullRuns({features, groupSize, groups, perRun, zeros}: PackedLayout): boolean {
  const last = features - (groups - 1) * groupSize;
  return [groupSize, last].every(
    (size) => (typeof zeros === 'object' ? (size / zeros.m) * zeros.n : size) % perRun === 0,
  );
}

/** Where rows are no windows: an image of one pixel, for uniforms that the program does not read. */
const ONE_PIXEL = {
  height: 1,
  width: 1,
  channels: 1,
  outHeight: 1,
  outWidth: 1,
  kernel: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
} as const;

/** The distances of images, lines and pixels, in units of what the program reads at once. */
function pixelStrides(
  {height, width, channels}: Pick<WindowedImages, 'height' | 'width' | 'channels'>,
  unit: number,
): Readonly<Record<'imageStride' | 'lineStride' | 'pixelStride', number>> {
  const pixelStride = channels / unit;
  return {imageStride: height * width * pixelStride, lineStride: width * pixelStride, pixelStride};
}
