import {type Matrix, matrix, multiply, transpose} from 'tfjs-compress/numerics';

/** Seeded numbers for tests, apart from the library's own: mulberry32, uniform on [0, 1). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word = (word + Math.imul(word ^ (word >>> 7), word | 61)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers (Box, Muller). */
export function gaussians(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A matrix of independent normal entries. */
export function gaussianMatrix(rows: number, columns: number, seed: number, deviation = 1): Matrix {
  const next = gaussians(seed);
  return matrix(
    rows,
    columns,
    Float64Array.from({length: rows * columns}, () => deviation * next()),
  );
}

/** A + deviation · noise: inputs that earlier layers changed a little. */
export function perturbed(base: Matrix, seed: number, deviation: number): Matrix {
  const next = gaussians(seed);
  return matrix(
    base.rows,
    base.columns,
    base.data.map((entry) => entry + deviation * next()),
  );
}

/** A copy whose named columns are zero. */
export function withoutColumns(base: Matrix, dead: readonly number[]): Matrix {
  return matrix(
    base.rows,
    base.columns,
    base.data.map((entry, i) => (dead.includes(i % base.columns) ? 0 : entry)),
  );
}

/** H = X̃ᵀX̃ and G = X̃ᵀX. */
export function gramsOf(original: Matrix, shadow: Matrix): {gram: Matrix; crossGram: Matrix} {
  const rows = transpose(shadow);
  return {gram: multiply(rows, shadow), crossGram: multiply(rows, original)};
}

/** XW − X̃Q. */
export function residualOf(original: Matrix, weights: Matrix, shadow: Matrix, values: Matrix): Matrix {
  const target = multiply(original, weights);
  const actual = multiply(shadow, values);
  return matrix(
    target.rows,
    target.columns,
    target.data.map((entry, i) => entry - actual.data[i]),
  );
}

/** ‖A_n‖² of every column n. */
export function columnSquares({columns, data}: Matrix): Float64Array {
  const squares = new Float64Array(columns);
  data.forEach((entry, i) => {
    squares[i % columns] += entry ** 2;
  });
  return squares;
}

/** max |a − b|. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`expected as many numbers, got ${a.length} and ${b.length}`);
  return Array.from(a).reduce(
    (largest, value, i) => Math.max(largest, Number.isNaN(value - b[i]) ? Infinity : Math.abs(value - b[i])),
    0,
  );
}

/** The mean of every column. */
export function columnMeans({rows, columns, data}: Matrix): Float64Array {
  const means = new Float64Array(columns);
  data.forEach((entry, i) => {
    means[i % columns] += entry / rows;
  });
  return means;
}
