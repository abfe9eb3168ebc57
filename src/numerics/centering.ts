import {type Matrix, matrix} from './matrix.ts';

/** H and G of calibration inputs, with what centring them takes. */
export interface GramPair {
  /** H = X̃ᵀX̃ `[features, features]`. */
  readonly gram: Matrix;
  /** G = X̃ᵀX `[features, features]`. */
  readonly crossGram: Matrix;
  /** Mean row of X `[features]`. */
  readonly mean: Float64Array;
  /** Mean row of X̃ `[features]`. */
  readonly shadowMean: Float64Array;
  /** m, the number of rows. */
  readonly rows: number;
}

/**
 * Statistics of X − 1μᵀ and X̃ − 1μ̃ᵀ: H − m μ̃μ̃ᵀ and G − m μ̃μᵀ.
 * Minimising with them is minimising over a free bias as well, whose value is {@link biasShift}.
 */
export function centred({gram, crossGram, mean, shadowMean, rows}: GramPair): {gram: Matrix; crossGram: Matrix} {
  return {gram: lessOuter(gram, rows, shadowMean, shadowMean), crossGram: lessOuter(crossGram, rows, shadowMean, mean)};
}

function lessOuter(square: Matrix, rows: number, left: Float64Array, right: Float64Array): Matrix {
  const size = square.rows;
  const result = matrix(size, size);
  for (let t = 0; t < size; t++) {
    for (let s = 0; s < size; s++) result.data[t * size + s] = square.data[t * size + s] - rows * left[t] * right[s];
    // What is left of a constant feature is rounding noise, not variance.
    const kept = result.data[t * size + t];
    if (left === right && kept <= 1e-6 * square.data[t * size + t]) clearFeature(result, t);
  }
  return left === right ? symmetrized(result) : result;
}

function clearFeature(square: Matrix, t: number): void {
  square.data.fill(0, t * square.columns, (t + 1) * square.columns);
}

/** A cleared row clears its column too. */
function symmetrized(square: Matrix): Matrix {
  const size = square.rows;
  for (let t = 0; t < size; t++) {
    if (square.data[t * size + t] === 0) for (let s = 0; s < size; s++) square.data[s * size + t] = 0;
  }
  return square;
}

/**
 * What the bias gains so that mean outputs agree: μᵀW − μ̃ᵀQ, one number per neuron.
 * @param weights W `[features, neurons]`
 * @param values Q `[features, neurons]`
 */
export function biasShift({mean, shadowMean}: Pick<GramPair, 'mean' | 'shadowMean'>, weights: Matrix, values: Matrix): Float64Array {
  const shift = new Float64Array(weights.columns);
  for (let i = 0; i < weights.data.length; i++) {
    const t = Math.floor(i / weights.columns);
    shift[i % weights.columns] += mean[t] * weights.data[i] - shadowMean[t] * values.data[i];
  }
  return shift;
}
