import {
  type Alphabet,
  applyMask,
  codeOfZero,
  type Granularity,
  keepLargest,
  type Mask,
  type Matrix,
  meanSquareScale,
  multiply,
  type Quantized,
  stepAt,
  valuesOf,
} from 'tfjs-compress/numerics';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {columnSquares, gaussianMatrix, gramsOf, perturbed, residualOf, withoutColumns} from './randomMatrices.ts';

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export const granularities: readonly Granularity[] = ['tensor', 'channel', {group: 8}, {group: 7}];

export const features = 30,
  neurons = 6;

// The inputs have a mean and so have the weights: an offset has something to do.
export const weights = shifted(gaussianMatrix(features, neurons, 1), 0.4);

export const original = shifted(gaussianMatrix(80, features, 2), 0.3);

export const shadow = withoutColumns(perturbed(original, 3, 0.2), [0, 13, 29]);

export const grams = gramsOf(original, shadow);

export const gram = grams.gram;

export const target = multiply(grams.crossGram, weights);

export const mask = keepLargest(gaussianMatrix(features, neurons, 4), 'unstructured', 0.5);

/** W rounded to nearest, pruned. */
export function rounded(
  given: Matrix,
  alphabet: Alphabet,
  granularity: Granularity,
  support: Mask | undefined,
): Quantized {
  const scales = meanSquareScale(given, alphabet, granularity, support);
  const codes = Int16Array.from(applyMask(given, support).data, (w, i) => {
    const step = stepAt(scales, Math.floor(i / given.columns), i % given.columns);
    return step > 0 && support?.[i] !== 0 ? nearestQuantizer.code(w / step, 0, alphabet) : codeOfZero(alphabet);
  });
  return {codes, scales, ...(support && {mask: support})};
}

/** ‖XW − X̃Q‖², from the inputs themselves. */
export function errorOf(quantized: Quantized, alphabet: Alphabet): number {
  return sumOf(columnSquares(residualOf(original, weights, shadow, valuesOf(quantized, alphabet, neurons))));
}

export function shifted(base: Matrix, by: number): Matrix {
  return {...base, data: base.data.map((entry) => entry + by)};
}
