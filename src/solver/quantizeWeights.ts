import {solveOnSupport} from '../numerics/linalg/conjugateGradients.ts';
import {applyMask, keepLargest} from '../numerics/linalg/mask.ts';
import {type Matrix, subtract} from '../numerics/linalg/matrix.ts';
import {multiply} from '../numerics/linalg/product.ts';
import {alignWeights} from '../numerics/path/alignment.ts';
import {dampedFeedback} from '../numerics/path/pathFeedback.ts';
import {refine} from '../numerics/path/refinement.ts';
import {absMaxScale, meanSquareScale} from '../numerics/scales/meanSquareScale.ts';
import {valuesOf} from '../numerics/scales/quantized.ts';
import type {Scales} from '../numerics/scales/scales.ts';
import type {Alphabet} from '../numerics/stochastic/alphabet.ts';
import type {Task, TaskRunner} from '../numerics/task.ts';
import {pathFollower} from '../ops/followPath.ts';
import {countClippedWeights, type FollowedPath, type QuantizedWeights, recordPath} from './followedPath.ts';
import {magnitudes} from './maskScores.ts';
import {type ChosenPath, findBestPath} from './pathSearch.ts';
import {pickBetterNeurons} from './pickBetterNeurons.ts';
import type {QuantizeMethod} from './quantizeMethod.ts';
import {trimToSparsity} from './trimToSparsity.ts';
import {type MatrixIndex, type TargetedProblem, type WeightProblem, withRidge} from './weightProblem.ts';

/**
 * Quantizes one weight matrix: alignment, scale search, K paths, refinement.
 * @param matrixIndex which matrix of the model it is, for the random numbers
 * @param runner runs the tasks
 * @throws BackendError if `strictKernels` and the active backend has no kernel
 */
export async function quantizeWeights(
  given: WeightProblem,
  matrixIndex: MatrixIndex,
  method: QuantizeMethod,
  runner: TaskRunner,
): Promise<QuantizedWeights> {
  const problem = withRidge(
    {...given, target: await runner.run(multiply(given.crossGram, given.weights))},
    method.ridge,
  );
  const aligned = await runner.run(alignProblem(problem, method));
  const scales = await runner.run(findScales(given, method));
  let best: QuantizedWeights | undefined;
  for (const scaling of method.scalings) {
    const found = await followAndRefine(
      {...problem, aligned, scales},
      matrixIndex,
      {...method, feedback: {...method.feedback, scaling}},
      runner,
    );
    best = best ? await runner.run(pickBetterNeurons(best, found, problem, method.granularity)) : found;
  }
  if (!best) throw new RangeError('quantizeWeights: expected at least one scaling');
  return best;
}

/** A problem with the weights and scales from which its paths start. */
interface AlignedProblem extends TargetedProblem {
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  readonly scales: Scales;
}

async function followAndRefine(
  problem: AlignedProblem,
  matrixIndex: MatrixIndex,
  method: QuantizeMethod,
  runner: TaskRunner,
): Promise<QuantizedWeights> {
  const {gram, target, aligned, mask} = problem;
  const {alphabet, granularity, prune, refinement} = method;
  const {chosen, path} = await followBestPath(problem, matrixIndex, method, runner);
  const start = prune ? trimToSparsity(chosen, aligned, gram, {alphabet, prune, mask}) : {...chosen, mask};
  const refined =
    refinement.sweeps > 0
      ? await runner.run(refine(start, gram, target, {alphabet, granularity, ...refinement}))
      : start;
  return {...refined, values: valuesOf(refined, alphabet, aligned.columns), path};
}

async function followBestPath(
  {gram, target, aligned, scales, mask}: AlignedProblem,
  matrixIndex: MatrixIndex,
  method: QuantizeMethod,
  runner: TaskRunner,
): Promise<{chosen: ChosenPath; path: FollowedPath}> {
  const {alphabet, search} = method;
  const {feedback, damping} = await runner.run(dampedFeedback(gram, method.feedback));
  const follower = pathFollower(aligned, feedback, {strict: method.strictKernels, runner});
  try {
    const residual = subtract(target, await runner.run(multiply(gram, aligned)));
    const space = {gram, residual, aligned, follower, matrixIndex, method, mask, runner};
    const {chosen, threshold} = await findBestPath(scales, space);
    const isRandom = search.rounding === 'stochastic' && search.samples === 1;
    const path = recordPath(
      {aligned, gram, feedback: method.feedback, damping, kernel: follower.kernel, isRandom, mask},
      {
        values: chosen.values,
        radius: radiusOf(chosen.scales, threshold, alphabet),
        clipped: countClippedWeights(aligned, chosen, {alphabet, threshold, mask}),
      },
    );
    return {chosen, path};
  } finally {
    follower.dispose();
  }
}

/** Aligns W. In a pruned matrix, the kept weights are solved for on the inputs as they are now. */
function* alignProblem(
  {weights, gram, crossGram, target, mask, current = weights}: TargetedProblem,
  {alignment}: QuantizeMethod,
): Task<Matrix> {
  if (!mask) return yield* alignWeights(weights, gram, crossGram, alignment);
  const {method, damping = 0.01} = alignment;
  return method === 'none' ? applyMask(current, mask) : yield* solveOnSupport(gram, target, current, mask, {damping});
}

/**
 * The scale comes from the original weights: aligned ones have outliers at nearly dead features.
 * Weights that are or will be pruned are ignored.
 */
function* findScales(
  {weights, mask, current = weights}: WeightProblem,
  {alphabet, granularity, search: {scale}, prune}: QuantizeMethod,
): Task<Scales> {
  const [from, kept] = mask
    ? [current, mask]
    : [weights, prune && keepLargest(magnitudes(weights), prune.pattern, prune.sparsity)];
  return scale === 'absmax'
    ? absMaxScale(from, alphabet, granularity, kept)
    : yield* meanSquareScale(from, alphabet, granularity, kept);
}

/** K with |T(x) − x| ≤ K: the largest step or, if larger, the first letter at or beyond the threshold. */
function radiusOf({steps}: Scales, threshold: number, {shift}: Alphabet): number {
  return steps.reduce(
    (largest, step) =>
      Math.max(largest, step > 0 ? step * Math.max(1, Math.ceil(threshold / step - shift) + shift) : 0),
    0,
  );
}
