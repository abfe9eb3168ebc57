import type {Mask} from '../numerics/linalg/mask.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';
import {calibrationErrors, replayDrift} from '../numerics/path/calibrationError.ts';
import type {Quantized} from '../numerics/scales/quantized.ts';
import {type Scales, scaleSteps} from '../numerics/scales/scales.ts';
import type {TaskRunner} from '../numerics/task.ts';
import type {CodedPath, PathChoice, PathFollower} from '../ops/followPath.ts';
import {chooseByNeuron} from './chooseByNeuron.ts';
import type {QuantizeMethod} from './quantizeMethod.ts';
import {findThreshold} from './sparsityThreshold.ts';
import type {MatrixIndex} from './weightProblem.ts';

/** Everything that a search for the best path needs. */
export interface SearchSpace {
  /** H `[features, features]`. */
  readonly gram: Matrix;
  /** GW − HW̃ `[features, neurons]`. */
  readonly residual: Matrix;
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  readonly follower: PathFollower;
  readonly matrixIndex: MatrixIndex;
  readonly method: QuantizeMethod;
  /** Weights that are pruned already. */
  readonly mask: Mask | undefined;
  /** Its checkpoint is awaited before each path and within it. */
  readonly runner: TaskRunner;
}

/** The path that was chosen: codes and scales, their values, and the drift of its arguments. */
export interface ChosenPath extends Quantized {
  readonly values: Matrix;
  readonly drift: Matrix;
}

/**
 * Factors on the scale that are tried for every neuron. 1 comes first, because the first of equals is taken, and for
 * a layer without inputs all are equal.
 */
const FACTORS = [1, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.25, 1.5, 2] as const;

/**
 * Chooses the scale, then the best of K paths at that scale, separately for each neuron, by calibration error.
 * Where T prunes, its threshold is found first, at the given scale.
 * @param original the scale around which `scale: 'calibration'` searches
 */
export async function findBestPath(
  original: Scales,
  space: SearchSpace,
): Promise<{chosen: ChosenPath; threshold: number}> {
  const {search, prune} = space.method;
  const {scale, samples, rounding} = search;
  const threshold = prune ? await sparsityThreshold(prune.sparsity, original, space) : 0;
  const nearest = await pickBest(scale === 'calibration' ? FACTORS : [1], (factor) =>
    followCandidate({scales: scaleSteps(original, () => factor), rounding: 'nearest', path: 0, threshold}, space),
  );
  if (rounding === 'nearest') return {chosen: nearest, threshold};
  // The first of several paths rounds to nearest; the scale search has followed it already.
  const hasNearest = samples > 1;
  const paths = Array.from({length: samples}, (_, path) => path).slice(hasNearest ? 1 : 0);
  const stochastic = await pickBest(paths, (path) =>
    followCandidate({scales: nearest.scales, rounding: 'stochastic', path, threshold}, space),
  );
  return {chosen: hasNearest ? pickBetter(nearest, stochastic) : stochastic, threshold};
}

/** The largest threshold whose path, rounded like the final one, leaves no more zeros than wanted. */
function sparsityThreshold(sparsity: number, scales: Scales, space: SearchSpace): Promise<number> {
  const {rounding, samples} = space.method.search;
  const largest = space.aligned.data.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
  const weights = space.aligned.data.length;
  return findThreshold({zeros: sparsity * weights, weights, largest}, async (threshold) => {
    const {values} = await follow({scales, rounding: samples > 1 ? 'nearest' : rounding, path: 0, threshold}, space);
    return values.data.reduce((zeros, value) => zeros + (value === 0 ? 1 : 0), 0);
  });
}

interface Candidate extends ChosenPath {
  /** By neuron. */
  readonly errors: Float64Array;
}

type Choice = Pick<PathChoice, 'scales' | 'rounding' | 'path' | 'threshold'>;

async function followCandidate(choice: Choice, space: SearchSpace): Promise<Candidate> {
  const followed = await follow(choice, space);
  const errors = await errorsOf(followed, space);
  // Neurons that share a step choose together.
  const compared =
    space.method.granularity === 'tensor' ? errors.fill(errors.reduce((sum, error) => sum + error, 0)) : errors;
  return {...followed, scales: choice.scales, errors: compared};
}

async function follow(
  choice: Choice,
  {follower, matrixIndex, aligned, mask, runner, method: {alphabet, seed, prune}}: SearchSpace,
): Promise<CodedPath> {
  await runner.checkpoint();
  const kind = prune ? 'sparseQuantizer' : 'quantizer';
  return follower.follow({
    ...choice,
    kind,
    alphabet,
    mask,
    seed,
    layer: matrixIndex.layer,
    firstNeuron: matrixIndex.matrix * aligned.columns,
  });
}

async function errorsOf(
  path: CodedPath,
  {gram, residual, aligned, method, runner}: SearchSpace,
): Promise<Float64Array> {
  const {kind, scaling = 1} = method.feedback;
  return kind === 'path'
    ? calibrationErrors(gram, residual, aligned, path, scaling)
    : calibrationErrors(gram, residual, aligned, await runner.run(replayDrift(gram, aligned, path.values)), 1);
}

/** The best of several candidates, made one after the other. */
async function pickBest<Choice>(
  choices: readonly Choice[],
  candidateOf: (choice: Choice) => Promise<Candidate>,
): Promise<Candidate> {
  let best: Candidate | undefined;
  for (const choice of choices) {
    const candidate = await candidateOf(choice);
    best = best ? pickBetter(best, candidate) : candidate;
  }
  if (!best) throw new RangeError('pickBest: expected at least one path');
  return best;
}

/** The better of two candidates for each neuron; the first if they are equal. */
function pickBetter(one: Candidate, other: Candidate): Candidate {
  const isBetter = Array.from(other.errors, (error, n) => error < one.errors[n]);
  return {
    errors: chooseByNeuron(isBetter, one.errors, other.errors),
    codes: chooseByNeuron(isBetter, one.codes, other.codes),
    values: {...one.values, data: chooseByNeuron(isBetter, one.values.data, other.values.data)},
    drift: {...one.drift, data: chooseByNeuron(isBetter, one.drift.data, other.drift.data)},
    scales: {...one.scales, steps: chooseByNeuron(isBetter, one.scales.steps, other.scales.steps)},
  };
}
