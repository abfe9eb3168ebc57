import {type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import type {Numbers} from './layerCase.ts';

/** A convolution over some axes. */
export interface ExplicitConvolution {
  readonly kernel: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly padding: 'same' | 'valid';
}

/** All windows of `[batch, …axes, channels]` as rows, entry by entry. */
export function explicitWindows(
  {shape, data}: Numbers,
  {kernel, strides = kernel.map(() => 1), dilations = kernel.map(() => 1), padding}: ExplicitConvolution,
): Matrix {
  const [space, channels] = [shape.slice(1, -1), shape[shape.length - 1]];
  const spans = kernel.map((taps, a) => (taps - 1) * dilations[a] + 1);
  const outputs = space.map((length, a) =>
    padding === 'same' ? Math.ceil(length / strides[a]) : Math.floor((length - spans[a]) / strides[a]) + 1,
  );
  const before = space.map((length, a) =>
    padding === 'same' ? Math.floor(((outputs[a] - 1) * strides[a] + spans[a] - length) / 2) : 0,
  );
  const entries = placesIn([...kernel, channels]);
  const rows = placesIn([shape[0], ...outputs]);
  return matrix(
    rows.length,
    entries.length,
    Float64Array.from(
      rows.flatMap(([sample, ...output]) =>
        entries.map((entry) => {
          const place = output.map((o, a) => o * strides[a] - before[a] + entry[a] * dilations[a]);
          return place.every((p, a) => p >= 0 && p < space[a])
            ? data[indexIn([sample, ...place, entry[kernel.length]], shape)]
            : 0;
        }),
      ),
    ),
  );
}

/**
 * The rows of a transposed convolution, made from the input's side: every place of the input goes to the outputs that
 * its taps write to, at place · stride + tap, less what the padding cuts off. Features are (tap from the last to the
 * first, channel).
 */
export function explicitSpread(
  {shape, data}: Numbers,
  {kernel, strides = kernel.map(() => 1), padding}: ExplicitConvolution,
): Matrix {
  const [space, channels] = [shape.slice(1, -1), shape[shape.length - 1]];
  const surplus = kernel.map((taps, a) => Math.max(taps - strides[a], 0));
  const outputs = space.map((length, a) => length * strides[a] + (padding === 'same' ? 0 : surplus[a]));
  const features = [...kernel, channels];
  const rows = matrix(shape[0] * sizeOf(outputs), sizeOf(features));
  for (const [sample, ...place] of placesIn(shape.slice(0, -1))) {
    for (const tap of placesIn(kernel)) {
      const output = place.map(
        (p, a) => p * strides[a] + tap[a] - (padding === 'same' ? Math.floor(surplus[a] / 2) : 0),
      );
      if (!output.every((o, a) => o >= 0 && o < outputs[a])) continue;
      const row = indexIn([sample, ...output], [shape[0], ...outputs]);
      const feature = indexIn([...tap.map((i, a) => kernel[a] - 1 - i), 0], features);
      for (let c = 0; c < channels; c++)
        rows.data[row * rows.columns + feature + c] = data[indexIn([sample, ...place, c], shape)];
    }
  }
  return rows;
}

/** Windows, channel by channel. */
export function byChannel({rows, columns, data}: Matrix, channels: number): Matrix[] {
  const features = columns / channels;
  return Array.from({length: channels}, (_, c) =>
    matrix(
      rows,
      features,
      Float64Array.from({length: rows * features}, (__, i) => data[i * channels + c]),
    ),
  );
}

/** What a depthwise kernel `[height, width, channels, multiplier]` makes of the windows of its channels. */
export function explicitDepthwise(
  windows: readonly Matrix[],
  {shape: [, , channels, multiplier], data}: Numbers,
): Matrix {
  const products = windows.map((own, c) =>
    multiply(
      own,
      matrix(
        own.columns,
        multiplier,
        Float64Array.from(
          {length: own.columns * multiplier},
          (_, i) => data[(Math.floor(i / multiplier) * channels + c) * multiplier + (i % multiplier)],
        ),
      ),
    ),
  );
  const [{rows}] = windows;
  const columns = channels * multiplier;
  return matrix(
    rows,
    columns,
    Float64Array.from({length: rows * columns}, (_, i) => {
      const [row, output] = [Math.floor(i / columns), i % columns];
      return products[Math.floor(output / multiplier)].data[row * multiplier + (output % multiplier)];
    }),
  );
}

/** `[batch, channels, …axes]` as `[batch, …axes, channels]`. */
export function channelsLast({shape: [batch, channels, ...space], data}: Numbers): Numbers {
  const shape = [batch, ...space, channels];
  return {
    shape,
    data: Float64Array.from(
      placesIn(shape),
      (place) => data[indexIn([place[0], place[place.length - 1], ...place.slice(1, -1)], [batch, channels, ...space])],
    ),
  };
}

/** All places of a box, the last axis fastest. */
function placesIn(lengths: readonly number[]): number[][] {
  return lengths.reduce<number[][]>(
    (places, length) => places.flatMap((place) => Array.from({length}, (_, i) => [...place, i])),
    [[]],
  );
}

function indexIn(place: readonly number[], lengths: readonly number[]): number {
  return lengths.reduce((index, length, a) => index * length + place[a], 0);
}

function sizeOf(lengths: readonly number[]): number {
  return lengths.reduce((product, length) => product * length, 1);
}
