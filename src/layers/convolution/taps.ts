import {pad, reshape, type Tensor, type Tensor2D} from '@tensorflow/tfjs-core';
import {takeRows} from '../../ops/takeRows.ts';

/** One spatial axis of a convolution: tap i of output o meets place (o · stride + i · dilation − before) / spacing of the input, where there is one, else a zero. */
export interface Axis {
  /** Places of the input along it. */
  readonly length: number;
  /** Places of the output. */
  readonly outputs: number;
  /** Length of the kernel. */
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the input. */
  readonly before: number;
  /** One more than there are zeros between the places of the input. */
  readonly spacing: number;
}

/** Output positions of a convolution over some axes. */
export function positionsOf(axes: readonly Axis[]): number {
  return axes.reduce((product, {outputs}) => product * outputs, 1);
}

/**
 * What the taps of chosen output positions meet, as rows in the order of a flattened kernel (axis after axis, then channel).
 * One gather serves every stride, dilation and padding, of a convolution and of its transpose, over any number of axes.
 * @param input `[batch, …axes, channels]`
 * @param rows indices into the batch · positions rows
 * @returns `[rows, taps · channels]`
 */
export function tapRows(input: Tensor, axes: readonly Axis[], rows: Int32Array): Tensor2D {
  const channels = input.shape[input.rank - 1];
  const pixelCount = input.size / channels;
  const indices = tapIndices(axes, rows, pixelCount);
  const pixels: Tensor2D = reshape(input, [pixelCount, channels]);
  const kernelInput = takeRows(
    indices.includes(pixelCount)
      ? pad(pixels, [
          [0, 1],
          [0, 0],
        ])
      : pixels,
    indices,
  );
  return reshape(kernelInput, [rows.length, tapsOf(axes) * channels]);
}

function tapsOf(axes: readonly Axis[]): number {
  return axes.reduce((product, {taps}) => product * taps, 1);
}

/**
 * For each row and tap the place in the flattened input.
 * @param zeros the place of a zero
 */
function tapIndices(axes: readonly Axis[], rows: Int32Array, zeros: number): Int32Array {
  const tables = axes.map(inputPositions);
  const positionsBehind = axes.map((_, axis) => positionsOf(axes.slice(axis + 1)));
  const indices = new Int32Array(rows.length * tapsOf(axes));
  let to = 0;
  // From place −1 on there are zeros only.
  const follow = (row: number, axis: number, index: number): void => {
    if (axis === axes.length) {
      indices[to++] = index < 0 ? zeros : index;
      return;
    }
    const {length, outputs, taps} = axes[axis];
    const table = tables[axis];
    const first = (Math.floor(row / positionsBehind[axis]) % outputs) * taps;
    for (let i = first; i < first + taps; i++)
      follow(row, axis + 1, index < 0 || table[i] < 0 ? -1 : index * length + table[i]);
  };
  const positions = positionsOf(axes);
  for (const row of rows) follow(row, 0, Math.floor(row / positions));
  return indices;
}

/** By output, then tap: the place along the input, −1 where there is none. */
function inputPositions({length, outputs, taps, stride, dilation, before, spacing}: Axis): Int32Array {
  return Int32Array.from({length: outputs * taps}, (_, i) => {
    const index = (Math.floor(i / taps) * stride + (i % taps) * dilation - before) / spacing;
    return Number.isInteger(index) && index >= 0 && index < length ? index : -1;
  });
}
