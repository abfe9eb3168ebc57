import type {Mask} from '../numerics/linalg/mask.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';
import type {Quantized} from '../numerics/scales/quantized.ts';
import {type Scales, stepAt} from '../numerics/scales/scales.ts';
import {type Alphabet, letterOf} from '../numerics/stochastic/alphabet.ts';

/** What came of it. */
export interface QuantizedWeights extends Quantized {
  /** Q `[features, neurons]`. */
  readonly values: Matrix;
  /** What the bound of the theory speaks of. */
  readonly path: FollowedPath;
}

/** What a path made of W̃, before anything else: what the bound of the theory speaks of. */
export interface FollowedPath {
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  /** Q of the path `[features, neurons]`. */
  readonly values: Matrix;
  /** K with |T(x) − x| ≤ K. */
  readonly radius: number;
  /** C. */
  readonly scaling: number;
  /** max_t ‖X̃_t‖², as the path met it: of centred columns, with the ridge. */
  readonly largestNorm: number;
  /** Steps whose argument lay outside the alphabet's range. */
  readonly clipped: number;
  /** Whether E T(x) = x on every step that was not clipped: T was random, and nothing but T chose. */
  readonly isUnbiased: boolean;
  /** λ / mean diag H of optimal feedback, after escalation. */
  readonly damping: number | undefined;
  /** Which implementation followed it. */
  readonly kernel: string;
}

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
