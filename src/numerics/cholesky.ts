import {type Matrix, matrix} from './matrix.ts';

/**
 * The lower triangular L with LLᵀ = H.
 * @param square symmetric `[features, features]`; only its lower triangle is read
 * @returns L, or undefined if H is not positive definite, or not finite
 */
export function cholesky(square: Matrix): Matrix | undefined {
  const size = square.rows;
  const factor = matrix(size, size);
  const l = factor.data;
  for (let t = 0; t < size; t++) {
    for (let s = 0; s <= t; s++) {
      let entry = square.data[t * size + s];
      for (let r = 0; r < s; r++) entry -= l[t * size + r] * l[s * size + r];
      if (s < t) l[t * size + s] = entry / l[s * size + s];
      else if (entry > 0 && entry < Infinity) l[t * size + t] = Math.sqrt(entry);
      else return undefined;
    }
  }
  return factor;
}

/**
 * The solution of LLᵀ Y = B.
 * @param factor L `[features, features]`
 * @param right B `[features, neurons]`
 */
export function choleskySolve(factor: Matrix, right: Matrix): Matrix {
  const size = factor.rows;
  const neurons = right.columns;
  const l = factor.data;
  const y = right.data.slice();
  for (let t = 0; t < size; t++) {
    for (let s = 0; s < t; s++) subtractRow(y, t, s, l[t * size + s], neurons);
    divideRow(y, t, l[t * size + t], neurons);
  }
  for (let t = size - 1; t >= 0; t--) {
    for (let s = t + 1; s < size; s++) subtractRow(y, t, s, l[s * size + t], neurons);
    divideRow(y, t, l[t * size + t], neurons);
  }
  return matrix(size, neurons, y);
}

function subtractRow(y: Float64Array, target: number, source: number, factor: number, columns: number): void {
  for (let n = 0; n < columns; n++) y[target * columns + n] -= factor * y[source * columns + n];
}

function divideRow(y: Float64Array, row: number, divisor: number, columns: number): void {
  for (let n = 0; n < columns; n++) y[row * columns + n] /= divisor;
}
