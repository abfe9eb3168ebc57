import {solveOnSupport} from '../numerics/linalg/conjugateGradients.ts';
import {applyMask, keepLargest} from '../numerics/linalg/mask.ts';
import {diagonal, type Matrix, matrix, subtract} from '../numerics/linalg/matrix.ts';
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
import {countClippedWeights, type QuantizedWeights} from './followedPath.ts';
import {findBestPath} from './pathSearch.ts';
import {pickBetterNeurons} from './pickBetterNeurons.ts';
import type {QuantizeMethod} from './quantizeMethod.ts';
import {trimToSparsity} from './trimToSparsity.ts';
import {type MatrixIndex, type TargetedProblem, type WeightProblem, withRidge} from './weightProblem.ts';

/**
 * Quantizes one weight matrix: alignment, scale search, K paths, refinement.
 * @param matrixIndex which matrix of the model it is, for the random numbers
 * @param runner runs the tasks that this takes
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
  const aligned = await runner.run(alignProblemTask(problem, method));
  const scales = await runner.run(originalScale(given, method));
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
  {gram, target, aligned, scales, mask}: AlignedProblem,
  matrixIndex: MatrixIndex,
  method: QuantizeMethod,
  runner: TaskRunner,
): Promise<QuantizedWeights> {
  const {feedback, damping} = await runner.run(dampedFeedback(gram, method.feedback));
  const follower = pathFollower(aligned, feedback, {strict: method.strictKernels, runner});
  try {
    const residual = subtract(target, await runner.run(multiply(gram, aligned)));
    const {chosen, threshold} = await findBestPath(scales, {
      gram,
      residual,
      aligned,
      follower,
      matrixIndex,
      method,
      mask,
      runner,
    });
    const {alphabet, prune} = method;
    const start = prune ? trimToSparsity(chosen, aligned, gram, {alphabet, prune, mask}) : {...chosen, mask};
    const refined = method.sweeps > 0 ? await runner.run(refine(start, gram, target, method)) : start;
    return {
      ...refined,
      values: valuesOf(refined, alphabet, aligned.columns),
      path: {
        aligned,
        values: chosen.values,
        radius: radiusOf(chosen.scales, threshold, alphabet),
        clipped: countClippedWeights(aligned, chosen, {alphabet, threshold, mask}),
        isUnbiased:
          method.rounding === 'stochastic' &&
          method.samples === 1 &&
          method.feedback.kind === 'path' &&
          mask === undefined,
        scaling: method.feedback.scaling ?? 1,
        largestNorm: diagonal(gram).reduce((largest, norm) => Math.max(largest, norm), 0),
        damping,
        kernel: follower.kernel,
      },
    };
  } finally {
    follower.dispose();
  }
}

/** Aligns W. In a pruned matrix, the kept weights are solved for on the inputs as they are now. */
function* alignProblemTask(
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
function* originalScale(
  {weights, mask, current = weights}: WeightProblem,
  {alphabet, granularity, scale, prune}: QuantizeMethod,
): Task<Scales> {
  const [from, kept] = mask
    ? [current, mask]
    : [weights, prune && keepLargest(magnitudes(weights), prune.pattern, prune.sparsity)];
  return scale === 'absmax'
    ? absMaxScale(from, alphabet, granularity, kept)
    : yield* meanSquareScale(from, alphabet, granularity, kept);
}

function magnitudes({rows, columns, data}: Matrix): Matrix {
  return matrix(rows, columns, data.map(Math.abs));
}

/** K with |T(x) − x| ≤ K: the widest step, or the first letter at or beyond the threshold. */
function radiusOf({steps}: Scales, threshold: number, {shift}: Alphabet): number {
  return steps.reduce(
    (largest, step) =>
      Math.max(largest, step > 0 ? step * Math.max(1, Math.ceil(threshold / step - shift) + shift) : 0),
    0,
  );
}
