import {applyMask, type Mask} from '../linalg/mask.ts';
import {type Matrix, matrix} from '../linalg/matrix.ts';
import type {Alphabet} from '../stochastic/alphabet.ts';
import type {Scales} from './scales.ts';

/** Codes, the steps and offsets that turn them into weights, and the mask of pruned weights. */
export interface Quantized {
  /** `[features, neurons]`. */
  readonly codes: Int16Array;
  /** The steps and offsets. */
  readonly scales: Scales;
  /** Where it is 0 the weight is 0, and its code is ignored ({@link codeOfZero}). Absent: all weights are kept. */
  readonly mask?: Mask | undefined;
}

/** Q = step · z + offset `[features, neurons]`, in float32 as it is stored; exact zeros off the mask. */
export function valuesOf({codes, scales, mask}: Quantized, {shift}: Alphabet, neurons: number): Matrix {
  const {groupSize, steps, offsets} = scales;
  const values = matrix(codes.length / neurons, neurons);
  for (let i = 0; i < codes.length; i++) {
    const cell = Math.floor(Math.floor(i / neurons) / groupSize) * neurons + (i % neurons);
    const value = steps[cell] * (codes[i] + shift);
    values.data[i] = Math.fround(offsets ? value + offsets[cell] : value);
  }
  return applyMask(values, mask);
}

/** The codes `[columns, rows]` of codes `[rows, columns]`. */
export function transposeCodes(codes: Int16Array, rows: number, columns: number): Int16Array {
  const result = new Int16Array(codes.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = codes[i * columns + j];
  return result;
}
