import type {Mask} from '../numerics/linalg/mask.ts';
import {diagonal, type Matrix} from '../numerics/linalg/matrix.ts';
import type {FeedbackOptions} from '../numerics/path/pathFeedback.ts';
import type {Quantized} from '../numerics/scales/quantized.ts';
import {type Scales, stepAt} from '../numerics/scales/scales.ts';
import {type Alphabet, letterOf} from '../numerics/stochastic/alphabet.ts';

/** A quantized weight matrix. */
export interface QuantizedWeights extends Quantized {
  /** Q `[features, neurons]`. */
  readonly values: Matrix;
  /** The path before refinement, to which the error bound applies. */
  readonly path: FollowedPath;
}

/** A path followed from W̃, before refinement: the quantities of the error bound (Zhang & Saab 2024). */
export interface FollowedPath {
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  /** Q of the path `[features, neurons]`. */
  readonly values: Matrix;
  /** K with |T(x) − x| ≤ K. */
  readonly radius: number;
  /** C. */
  readonly scaling: number;
  /** max_t ‖X̃_t‖² as the path used it: of centred columns, with the ridge. */
  readonly largestNorm: number;
  /** How many weights had an argument outside the alphabet's range. */
  readonly clipped: number;
  /** Whether E T(x) = x for every weight that was not clipped: T was random, and no selection followed it. */
  readonly isUnbiased: boolean;
  /** λ / mean diag H of optimal feedback, after escalation. */
  readonly damping: number | undefined;
  /** Which implementation followed it. */
  readonly kernel: string;
}

/** How a path was followed. */
export interface PathSetting {
  /** W̃ and H. */
  readonly aligned: Matrix;
  readonly gram: Matrix;
  readonly feedback: FeedbackOptions;
  /** The damping that optimal feedback needed. */
  readonly damping: number | undefined;
  readonly kernel: string;
  /** Whether T was random and nothing chose among its results. */
  readonly isRandom: boolean;
  readonly mask: Mask | undefined;
}

/** Records what the error bound needs of a path that was followed. */
export function recordPath(
  {aligned, gram, feedback, damping, kernel, isRandom, mask}: PathSetting,
  {values, radius, clipped}: Pick<FollowedPath, 'values' | 'radius' | 'clipped'>,
): FollowedPath {
  return {
    aligned,
    values,
    radius,
    clipped,
    isUnbiased: isRandom && feedback.kind === 'path' && mask === undefined,
    scaling: feedback.scaling ?? 1,
    largestNorm: diagonal(gram).reduce((largest, norm) => Math.max(largest, norm), 0),
    damping,
    kernel,
  };
}

/** Steps are rounded to float32, so the largest weight may exceed the letter that was fitted to it by this factor. */
const WIDER = 1 + 2 ** -23;

/** What decides whether a weight counts as clipped: the letters, the threshold c of a pruning T, and the mask. */
export interface ClippingOptions {
  readonly alphabet: Alphabet;
  readonly threshold: number;
  readonly mask: Mask | undefined;
}

/**
 * Counts the weights whose argument lies beyond the last letter on its side: there E T(x) ≠ x, and the bound does not
 * apply. The same holds within a dead zone that reaches beyond the last letter. Pruned weights do not count.
 * @param aligned W̃ `[features, neurons]`
 * @param path `drift`: by how much each argument was moved `[features, neurons]`
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
