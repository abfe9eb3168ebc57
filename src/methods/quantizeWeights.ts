import {alignWeights, type AlignmentOptions} from '../numerics/alignment.ts';
import type {Alphabet} from '../numerics/alphabet.ts';
import {type Matrix, subtract} from '../numerics/matrix.ts';
import {type FeedbackOptions, pathFeedback} from '../numerics/pathFeedback.ts';
import {multiply} from '../numerics/product.ts';
import {type Quantized, refine, valuesOf} from '../numerics/refinement.ts';
import {meanSquareScale, widestScale} from '../numerics/meanSquareScale.ts';
import type {Granularity, Scales} from '../numerics/scales.ts';
import {pathFollower} from '../ops/followPath.ts';
import type {Rounding} from '../stochastic/index.ts';
import {clippedSteps} from './clippedSteps.ts';
import {bestPath} from './pathSearch.ts';

/** One weight matrix and what calibration says of its inputs. */
export interface WeightProblem {
  /** W `[features, neurons]`. */
  readonly weights: Matrix;
  /** H `[features, features]`. */
  readonly gram: Matrix;
  /** G `[features, features]`. */
  readonly crossGram: Matrix;
}

/** Where it stands in its model. */
export interface WeightPlace {
  readonly layer: number;
  readonly problem: number;
}

/** How to quantize it. */
export interface QuantizeMethod {
  readonly alphabet: Alphabet;
  readonly granularity: Granularity;
  readonly scale: 'calibration' | 'mse' | 'absmax';
  readonly alignment: AlignmentOptions;
  readonly feedback: FeedbackOptions;
  readonly rounding: Rounding;
  /** K paths per neuron. */
  readonly samples: number;
  /** Refits of the scale, each followed by `sweeps` cyclic passes. */
  readonly rounds: number;
  readonly sweeps: number;
  readonly seed: number;
  readonly strictKernels: boolean;
}

/** What came of it. */
export interface QuantizedWeights extends Quantized {
  /** Q `[features, neurons]`. */
  readonly values: Matrix;
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  /** Steps of the followed path whose argument lay outside the alphabet's range. */
  readonly clipped: number;
  /** What the followed path made of W̃, before refinement: what the bound of the theory speaks of. */
  readonly path: {readonly values: Matrix; readonly scales: Scales};
  readonly kernel: string;
}

/**
 * Quantizes one weight matrix: alignment, scale search, K paths, refinement.
 * @param place the number of the layer in its model and of the problem in its layer, for the random numbers
 * @param pause awaited between paths: lets the host breathe, and throws if the run was cancelled
 * @throws BackendError if `strictKernels` and the active backend has no kernel
 */
export async function quantizeWeights(problem: WeightProblem, place: WeightPlace, method: QuantizeMethod, pause: () => Promise<void>): Promise<QuantizedWeights> {
  const {weights, gram, crossGram} = problem;
  const aligned = alignWeights(weights, gram, crossGram, method.alignment);
  const target = multiply(crossGram, weights);
  const follower = pathFollower(aligned, pathFeedback(gram, method.feedback), {strict: method.strictKernels});
  try {
    const residual = subtract(target, multiply(gram, aligned));
    const best = await bestPath(originalScale(weights, method), {gram, residual, aligned, follower, place, method, pause});
    const refined = method.sweeps > 0 ? refine(best, gram, target, method) : best;
    return {
      ...refined,
      aligned,
      values: valuesOf(refined, method.alphabet, weights.columns),
      clipped: clippedSteps(aligned, best.drift, best.scales, method.alphabet),
      path: {values: valuesOf(best, method.alphabet, weights.columns), scales: best.scales},
      kernel: follower.kernel,
    };
  } finally {
    follower.dispose();
  }
}

/** The scale comes from the original weights: aligned ones have outliers at nearly dead features. */
function originalScale(weights: Matrix, {alphabet, granularity, scale}: QuantizeMethod): Scales {
  return scale === 'absmax' ? widestScale(weights, alphabet, granularity) : meanSquareScale(weights, alphabet, granularity);
}
