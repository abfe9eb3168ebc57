import {pad, reshape, type Tensor, type Tensor2D} from '@tensorflow/tfjs-core';
import {takeRows} from '../../ops/takeRows.ts';
import {type ConvAxis, type ConvGeometry, outputPositions, windowSize} from './convGeometry.ts';

/**
 * The windows at some output positions as rows, in the order of a flattened kernel: axes, then channel (im2col).
 * One gather serves every stride, dilation and padding of a convolution and of its transpose, over any number of axes.
 * @param input `[batch, …axes, channels]`
 * @param rows indices into the batch · positions rows
 * @returns `[rows, taps · channels]`
 */
export function tapRows(input: Tensor, geometry: ConvGeometry, rows: Int32Array): Tensor2D {
  const channels = input.shape[input.rank - 1];
  const pixelCount = input.size / channels;
  const indices = tapIndices(geometry, rows, pixelCount);
  const pixels: Tensor2D = reshape(input, [pixelCount, channels]);
  const taken = takeRows(
    indices.includes(pixelCount)
      ? pad(pixels, [
          [0, 1],
          [0, 0],
        ])
      : pixels,
    indices,
  );
  return reshape(taken, [rows.length, windowSize(geometry) * channels]);
}

/**
 * For each row and tap the index of its pixel in the flattened input.
 * @param zeros the index of a pixel of zeros
 */
function tapIndices(axes: ConvGeometry, rows: Int32Array, zeros: number): Int32Array {
  const tables = axes.map(inputPositions);
  const positionsAfter = axes.map((_, axis) => outputPositions(axes.slice(axis + 1)));
  const indices = new Int32Array(rows.length * windowSize(axes));
  let to = 0;
  // Once an axis is outside the input (−1), the whole pixel is.
  const follow = (row: number, axis: number, index: number): void => {
    if (axis === axes.length) {
      indices[to++] = index < 0 ? zeros : index;
      return;
    }
    const {length, outputs, taps} = axes[axis];
    const table = tables[axis];
    const first = (Math.floor(row / positionsAfter[axis]) % outputs) * taps;
    for (let i = first; i < first + taps; i++)
      follow(row, axis + 1, index < 0 || table[i] < 0 ? -1 : index * length + table[i]);
  };
  const positions = outputPositions(axes);
  for (const row of rows) follow(row, 0, Math.floor(row / positions));
  return indices;
}

/** By output, then tap: the index along the input, −1 outside. */
function inputPositions({length, outputs, taps, stride, dilation, before, spacing}: ConvAxis): Int32Array {
  return Int32Array.from({length: outputs * taps}, (_, i) => {
    const index = (Math.floor(i / taps) * stride + (i % taps) * dilation - before) / spacing;
    return Number.isInteger(index) && index >= 0 && index < length ? index : -1;
  });
}
