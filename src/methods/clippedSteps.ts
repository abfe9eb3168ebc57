import {type Alphabet, letterOf} from '../numerics/alphabet.ts';
import type {Matrix} from '../numerics/matrix.ts';
import {type Scales, stepAt} from '../numerics/scales.ts';

/** Steps are rounded to float32: the weight that a scale was made for may lie beyond its letter by so much. */
const WIDER = 1 + 2 ** -23;

/**
 * How many steps of a path had an argument beyond the last letter on its side: there E T(x) ≠ x, and the bound does not apply.
 * @param aligned W̃ `[features, neurons]`
 * @param drift what moved each step `[features, neurons]`
 */
export function clippedSteps(aligned: Matrix, drift: Matrix, scales: Scales, alphabet: Alphabet): number {
  let clipped = 0;
  aligned.data.forEach((weight, i) => {
    const step = stepAt(scales, Math.floor(i / aligned.columns), i % aligned.columns);
    const x = weight + drift.data[i];
    if (x < WIDER * letterOf(alphabet.lowest, alphabet, step) || x > WIDER * letterOf(alphabet.highest, alphabet, step)) clipped++;
  });
  return clipped;
}
