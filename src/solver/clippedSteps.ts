import type {Mask} from '../numerics/linalg/mask.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';
import {type Scales, stepAt} from '../numerics/scales/scales.ts';
import {type Alphabet, letterOf} from '../numerics/stochastic/alphabet.ts';

/** Steps are rounded to float32: the weight that a scale was made for may lie beyond its letter by so much. */
const WIDER = 1 + 2 ** -23;

/** Letters, c of a T that prunes, and what is pruned already. */
export interface ClippingOptions {
  readonly alphabet: Alphabet;
  readonly threshold: number;
  readonly mask: Mask | undefined;
}

/**
 * How many steps of a path had an argument beyond the last letter on its side: there E T(x) ≠ x, and the bound does not apply.
 * So it is within a dead zone that reaches beyond the last letter. Steps of pruned weights do not count.
 * @param aligned W̃ `[features, neurons]`
 * @param path `drift`: what moved each step `[features, neurons]`
 */
export function countClippedWeights(
  aligned: Matrix,
  {drift, scales}: {readonly drift: Matrix; readonly scales: Scales},
  {alphabet, threshold, mask}: ClippingOptions,
): number {
  let clipped = 0;
  aligned.data.forEach((weight, i) => {
    if (mask?.[i] === 0) return;
    const step = stepAt(scales, Math.floor(i / aligned.columns), i % aligned.columns);
    const argument = weight + drift.data[i];
    // Within the dead zone T draws between 0 and the letters around ±c.
    const x = argument !== 0 && Math.abs(argument) <= threshold ? Math.sign(argument) * threshold : argument;
    if (x < WIDER * letterOf(alphabet.lowest, alphabet, step) || x > WIDER * letterOf(alphabet.highest, alphabet, step))
      clipped++;
  });
  return clipped;
}
