import {panelsOf} from '../linalg/blocks.ts';
import {type Matrix, matrix} from '../linalg/matrix.ts';
import type {Task} from '../task.ts';

/** H and G of calibration inputs. */
export interface Grams {
  /** H = X̃ᵀX̃ `[features, features]`. */
  readonly gram: Matrix;
  /** G = X̃ᵀX `[features, features]`. */
  readonly crossGram: Matrix;
}

/** H and G, with what is needed to centre them. */
export interface GramPair extends Grams {
  /** Mean row of X `[features]`. */
  readonly mean: Float64Array;
  /** Mean row of X̃ `[features]`. */
  readonly shadowMean: Float64Array;
  /** m, the number of rows. */
  readonly rows: number;
}

/** A feature whose variance is below this share of its mean square is constant: the variance is rounding noise. */
const NOISE = 1e-6;

/**
 * Statistics of X − 1μᵀ and X̃ − 1μ̃ᵀ: H − m μ̃μ̃ᵀ and G − m μ̃μᵀ. A feature that is constant in X̃ is dead: its rows
 * are 0. Minimising with them is minimising over a free bias as well, whose value is {@link biasShift}.
 */
export function* centerGrams({gram, crossGram, mean, shadowMean, rows}: GramPair): Task<Grams> {
  const result = {
    gram: yield* subtractOuter(gram, rows, shadowMean, shadowMean),
    crossGram: yield* subtractOuter(crossGram, rows, shadowMean, mean),
  };
  const size = gram.rows;
  for (let t = 0; t < size; t++) {
    if (!(result.gram.data[t * size + t] <= NOISE * gram.data[t * size + t])) continue;
    clearRow(result.gram, t);
    clearRow(result.crossGram, t);
    for (let s = 0; s < size; s++) result.gram.data[s * size + t] = 0;
  }
  return result;
}

function* subtractOuter(
  {rows: size, data}: Matrix,
  rows: number,
  left: Float64Array,
  right: Float64Array,
): Task<Matrix> {
  const result = matrix(size, size);
  for (const {first, last} of panelsOf(result)) {
    for (let t = first; t < last; t++) {
      const factor = rows * left[t];
      for (let s = 0, i = t * size; s < size; s++, i++) result.data[i] = data[i] - factor * right[s];
    }
    yield;
  }
  return result;
}

function clearRow({columns, data}: Matrix, t: number): void {
  data.fill(0, t * columns, (t + 1) * columns);
}

/**
 * What to add to the bias so that mean outputs agree: μᵀW − μ̃ᵀQ, one number per neuron.
 * @param weights W `[features, neurons]`
 * @param values Q `[features, neurons]`
 */
export function biasShift(
  {mean, shadowMean}: Pick<GramPair, 'mean' | 'shadowMean'>,
  weights: Matrix,
  values: Matrix,
): Float64Array {
  const shift = new Float64Array(weights.columns);
  for (let i = 0; i < weights.data.length; i++) {
    const t = Math.floor(i / weights.columns);
    shift[i % weights.columns] += mean[t] * weights.data[i] - shadowMean[t] * values.data[i];
  }
  return shift;
}
