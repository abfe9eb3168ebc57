import {alignWeights, type AlignmentOptions} from '../numerics/alignment.ts';
import type {Alphabet} from '../numerics/alphabet.ts';
import {type Matrix, subtract} from '../numerics/matrix.ts';
import {type FeedbackOptions, pathFeedback} from '../numerics/pathFeedback.ts';
import {multiply} from '../numerics/product.ts';
import {calibrationErrors, replayDrift} from '../numerics/reconstructionError.ts';
import {type Quantized, refine, valuesOf} from '../numerics/refinement.ts';
import {meanSquareScale, widestScale} from '../numerics/meanSquareScale.ts';
import {type Granularity, type Scales, scaledBy} from '../numerics/scales.ts';
import {type CodedPath, type PathChoice, type PathFollower, pathFollower} from '../ops/followPath.ts';
import type {Rounding} from '../stochastic/index.ts';
import {clippedSteps} from './clippedSteps.ts';

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

/** Factors on the scale that calibration tries, for every neuron. */
const FACTORS = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2] as const;

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
    const search = new PathSearch(problem.gram, subtract(target, multiply(gram, aligned)), aligned, follower, place, method, pause);
    const best = await search.run(originalScale(weights, method));
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

interface Candidate extends Quantized {
  readonly drift: Matrix;
}

/** Keeps, for every neuron, the path with the least calibration error among those that were followed. */
class PathSearch {
  private best: Candidate | undefined;
  private least: Float64Array = new Float64Array(0);

  constructor(
    private readonly gram: Matrix,
    private readonly residual: Matrix,
    private readonly aligned: Matrix,
    private readonly follower: PathFollower,
    private readonly place: WeightPlace,
    private readonly method: QuantizeMethod,
    private readonly pause: () => Promise<void>,
  ) {}

  async run(original: Scales): Promise<Candidate> {
    const {scale, samples, rounding} = this.method;
    const first: Rounding = samples > 1 ? 'nearest' : rounding;
    const factors = scale === 'calibration' ? FACTORS : [1];
    for (const factor of factors) await this.consider(scaledBy(original, () => factor), 'nearest', 0);
    const {scales} = this.chosen();
    if (first === 'stochastic') this.forget();
    for (let path = first === 'nearest' ? 1 : 0; path < samples; path++) await this.consider(scales, 'stochastic', path);
    return this.chosen();
  }

  private chosen(): Candidate {
    if (!this.best) throw new Error('PathSearch: no path was followed');
    return this.best;
  }

  private forget(): void {
    this.best = undefined;
  }

  private async consider(scales: Scales, rounding: Rounding, path: number): Promise<void> {
    await this.pause();
    const {alphabet, seed} = this.method;
    const choice: PathChoice = {alphabet, scales, rounding, seed, layer: this.place.layer, firstNeuron: this.place.problem * this.aligned.columns, path};
    const candidate = await this.follower.follow(choice);
    const errors = this.errorsOf(candidate);
    this.keepBetter({codes: candidate.codes, drift: candidate.drift, scales}, errors);
  }

  private errorsOf(path: CodedPath): Float64Array {
    const {kind, scaling = 1} = this.method.feedback;
    return kind === 'path'
      ? calibrationErrors(this.gram, this.residual, this.aligned, path, scaling)
      : calibrationErrors(this.gram, this.residual, this.aligned, replayDrift(this.gram, this.aligned, path.values), 1);
  }

  private keepBetter(candidate: Candidate, errors: Float64Array): void {
    const shared = this.method.granularity === 'tensor';
    const compared = shared ? new Float64Array(errors.length).fill(errors.reduce((sum, error) => sum + error, 0)) : errors;
    const {best} = this;
    if (!best) {
      this.best = candidate;
      this.least = compared;
      return;
    }
    const better = compared.map((error, n) => (error < this.least[n] ? 1 : 0));
    this.least = this.least.map((error, n) => (better[n] ? compared[n] : error));
    this.best = {
      codes: best.codes.map((code, i) => (better[i % errors.length] ? candidate.codes[i] : code)),
      drift: {...best.drift, data: best.drift.data.map((value, i) => (better[i % errors.length] ? candidate.drift.data[i] : value))},
      scales: {...best.scales, steps: best.scales.steps.map((step, i) => (better[i % errors.length] ? candidate.scales.steps[i] : step))},
    };
  }
}
