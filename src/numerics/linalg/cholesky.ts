import type {Task} from '../task.ts';
import {type Matrix, matrix} from './matrix.ts';

/**
 * The lower triangular L with LLᵀ = H.
 * @param square symmetric `[features, features]`; only its lower triangle is read
 * @returns L, or undefined if H is not positive definite, or not finite
 */
export function* cholesky(square: Matrix): Task<Matrix | undefined> {
  const size = square.rows;
  const factor = matrix(size, size);
  for (let t = 0; t < size; t++) {
    if (!factorRow(factor.data, square, t)) return undefined;
    yield;
  }
  return factor;
}

/**
 * Row t of L from the rows before it:
 *
 *     L_ts = (H_ts − Σ_{r<s} L_tr L_sr) / L_ss  for s < t,   L_tt = √(H_tt − Σ_{r<t} L_tr²)
 *
 * @returns whether there is one
 */
function factorRow(l: Float64Array, {rows: size, data}: Matrix, t: number): boolean {
  for (let s = 0; s < t; s++) l[t * size + s] = minusDot(data[t * size + s], l, t, s, size) / l[s * size + s];
  const square = minusDot(data[t * size + t], l, t, t, size);
  l[t * size + t] = Math.sqrt(square);
  return square > 0 && square < Infinity;
}

/** H_ts − Σ_{r<s} L_tr L_sr. */
function minusDot(entry: number, l: Float64Array, t: number, s: number, size: number): number {
  const [rowT, rowS] = [t * size, s * size];
  for (let r = 0; r < s; r++) entry -= l[rowT + r] * l[rowS + r];
  return entry;
}

/**
 * The solution of LLᵀ Y = B.
 * @param factor L `[features, features]`
 * @param right B `[features, neurons]`
 */
export function* choleskySolve(factor: Matrix, right: Matrix): Task<Matrix> {
  const size = factor.rows;
  const neurons = right.columns;
  const l = factor.data;
  const y = right.data.slice();
  for (let t = 0; t < size; t++) {
    for (let s = 0; s < t; s++) subtractRow(y, t, s, l[t * size + s], neurons);
    divideRow(y, t, l[t * size + t], neurons);
    yield;
  }
  for (let t = size - 1; t >= 0; t--) {
    for (let s = t + 1; s < size; s++) subtractRow(y, t, s, l[s * size + t], neurons);
    divideRow(y, t, l[t * size + t], neurons);
    yield;
  }
  return matrix(size, neurons, y);
}

function subtractRow(y: Float64Array, target: number, source: number, factor: number, columns: number): void {
  for (let n = 0; n < columns; n++) y[target * columns + n] -= factor * y[source * columns + n];
}

function divideRow(y: Float64Array, row: number, divisor: number, columns: number): void {
  for (let n = 0; n < columns; n++) y[row * columns + n] /= divisor;
}
