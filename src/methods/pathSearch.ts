import type {Matrix} from '../numerics/matrix.ts';
import {calibrationErrors, replayDrift} from '../numerics/reconstructionError.ts';
import type {Quantized} from '../numerics/refinement.ts';
import {type Scales, scaledBy} from '../numerics/scales.ts';
import type {CodedPath, PathFollower} from '../ops/followPath.ts';
import type {Rounding} from '../stochastic/index.ts';
import type {QuantizeMethod, WeightPlace} from './quantizeWeights.ts';

/** What a search goes through. */
export interface SearchSpace {
  /** H `[features, features]`. */
  readonly gram: Matrix;
  /** GW − HW̃ `[features, neurons]`. */
  readonly residual: Matrix;
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  readonly follower: PathFollower;
  readonly place: WeightPlace;
  readonly method: QuantizeMethod;
  /** Awaited before each path. */
  readonly pause: () => Promise<void>;
}

/** The path that was chosen: codes and scales, and what moved its steps. */
export interface ChosenPath extends Quantized {
  readonly drift: Matrix;
}

/** Factors on the scale that calibration tries, for every neuron. */
const FACTORS = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2] as const;

/**
 * Chooses the scale, then the best of K paths at that scale, each neuron for itself, by calibration error.
 * @param original the scale around which `scale: 'calibration'` searches
 */
export async function bestPath(original: Scales, space: SearchSpace): Promise<ChosenPath> {
  const {scale, samples, rounding} = space.method;
  const nearest = await bestOf(scale === 'calibration' ? FACTORS : [1], (factor) => follow(scaledBy(original, () => factor), 'nearest', 0, space));
  if (rounding === 'nearest') return nearest;
  // Of several paths the first rounds to nearest; the search has followed it already.
  const hasNearest = samples > 1;
  const paths = Array.from({length: samples}, (_, path) => path).slice(hasNearest ? 1 : 0);
  const stochastic = await bestOf(paths, (path) => follow(nearest.scales, 'stochastic', path, space));
  return hasNearest ? betterOf(nearest, stochastic) : stochastic;
}

interface Candidate extends ChosenPath {
  /** By neuron. */
  readonly errors: Float64Array;
}

async function follow(scales: Scales, rounding: Rounding, path: number, {follower, place, method, aligned, pause, ...space}: SearchSpace): Promise<Candidate> {
  await pause();
  const {alphabet, seed, granularity} = method;
  const followed = await follower.follow({alphabet, scales, rounding, seed, layer: place.layer, firstNeuron: place.problem * aligned.columns, path});
  const errors = errorsOf(followed, {aligned, method, ...space});
  // Neurons that share a step choose together.
  const compared = granularity === 'tensor' ? errors.fill(errors.reduce((sum, error) => sum + error, 0)) : errors;
  return {codes: followed.codes, drift: followed.drift, scales, errors: compared};
}

function errorsOf(path: CodedPath, {gram, residual, aligned, method}: Pick<SearchSpace, 'gram' | 'residual' | 'aligned' | 'method'>): Float64Array {
  const {kind, scaling = 1} = method.feedback;
  return kind === 'path'
    ? calibrationErrors(gram, residual, aligned, path, scaling)
    : calibrationErrors(gram, residual, aligned, replayDrift(gram, aligned, path.values), 1);
}

/** The best of several candidates, made one after the other. */
async function bestOf<Choice>(choices: readonly Choice[], candidateOf: (choice: Choice) => Promise<Candidate>): Promise<Candidate> {
  let best: Candidate | undefined;
  for (const choice of choices) {
    const candidate = await candidateOf(choice);
    best = best ? betterOf(best, candidate) : candidate;
  }
  if (!best) throw new RangeError('bestOf: expected at least one path');
  return best;
}

/** The better of two for each neuron; of equals the first. */
function betterOf(one: Candidate, other: Candidate): Candidate {
  const isBetter = other.errors.map((error, n) => (error < one.errors[n] ? 1 : 0));
  const choose = <Values extends Int16Array | Float64Array>(from: Values, alternative: Values): Values =>
    from.map((value, i) => (isBetter[i % isBetter.length] ? alternative[i] : value)) as Values;
  return {
    errors: choose(one.errors, other.errors),
    codes: choose(one.codes, other.codes),
    drift: {...one.drift, data: choose(one.drift.data, other.drift.data)},
    scales: {...one.scales, steps: choose(one.scales.steps, other.scales.steps)},
  };
}
