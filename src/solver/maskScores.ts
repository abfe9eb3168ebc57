import {diagonal, type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import {type AlignmentOptions, alignWeights} from '../numerics/path/alignment.ts';
import {dampedFeedback, type FeedbackOptions} from '../numerics/path/pathFeedback.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';
import {reals} from '../numerics/stochastic/reals.ts';
import type {TaskRunner} from '../numerics/task.ts';
import type {Task} from '../numerics/task.ts';
import {type CodedPath, pathFollower} from '../ops/followPath.ts';
import type {FollowedPath} from './followedPath.ts';
import {pathScores} from './pathScores.ts';
import {findThreshold} from './sparsityThreshold.ts';
import type {MatrixIndex, WeightProblem} from './weightProblem.ts';

/** How masks are found: along a path, at random or by a hard threshold; by |w|; by |w|·‖X‖ within each neuron (Sun et al. 2024). */
export type MaskName = 'stochastic path' | 'nearest path' | 'magnitude' | 'wanda';

/** What a path through one weight matrix prunes by. */
export interface PrunePathOptions {
  /** The share of zeros, or the threshold c itself. */
  readonly amount: {readonly sparsity: number} | {readonly threshold: number};
  readonly alignment: AlignmentOptions;
  /** Feedback of a path by its rounding: the stochastic one needs a larger C. */
  readonly feedback: Readonly<Record<Rounding, FeedbackOptions>>;
  readonly seed: number;
  readonly strictKernels: boolean;
}

/** What a mask is made from: the larger a score, the sooner its weight is kept. */
export interface ScoredWeights {
  /** `[features, neurons]`. */
  readonly scores: Matrix;
  /** The kept weights as the method leaves them, and zeros. */
  readonly values: Matrix;
  /** The path that gave them, if one did. */
  readonly path: FollowedPath | undefined;
}

/** Scores of one weight matrix by one method. */
export async function scoreWeights(
  name: MaskName,
  problem: WeightProblem,
  matrixIndex: MatrixIndex,
  options: PrunePathOptions,
  runner: TaskRunner,
): Promise<ScoredWeights> {
  const {weights, gram, mask} = problem;
  switch (name) {
    case 'magnitude':
      return {scores: magnitudes(weights, () => 1, mask), values: weights, path: undefined};
    case 'wanda': {
      const norms = diagonal(gram).map(Math.sqrt);
      return {
        scores: await runner.run(rankByNeuron(magnitudes(weights, (t) => norms[t], mask))),
        values: weights,
        path: undefined,
      };
    }
    case 'stochastic path':
      return followPruning('stochastic', problem, matrixIndex, options, runner);
    case 'nearest path':
      return followPruning('nearest', problem, matrixIndex, options, runner);
  }
}

async function followPruning(
  rounding: Rounding,
  {weights, gram, crossGram, mask}: WeightProblem,
  matrixIndex: MatrixIndex,
  options: PrunePathOptions,
  runner: TaskRunner,
): Promise<ScoredWeights> {
  const aligned = await runner.run(alignWeights(weights, gram, crossGram, options.alignment));
  const {feedback, damping} = await runner.run(dampedFeedback(gram, options.feedback[rounding]));
  const follower = pathFollower(aligned, feedback, {strict: options.strictKernels, runner});
  const {rows: features, columns: neurons} = aligned;
  const scales = {groupSize: features, groups: 1, neurons, steps: new Float64Array(neurons).fill(1)};
  const follow = async (threshold: number): Promise<CodedPath> => {
    await runner.checkpoint();
    return follower.follow({
      kind: 'pruner',
      rounding,
      alphabet: reals,
      scales,
      threshold,
      mask,
      seed: options.seed,
      layer: matrixIndex.layer,
      firstNeuron: matrixIndex.matrix * neurons,
      path: 0,
    });
  };
  try {
    const threshold =
      'threshold' in options.amount
        ? options.amount.threshold
        : await sparsityThreshold(options.amount.sparsity, aligned, follow);
    const path = await follow(threshold);
    return {
      scores: pathScores(aligned, path, gram, mask),
      values: path.values,
      path: {
        aligned,
        values: path.values,
        radius: threshold,
        scaling: options.feedback[rounding].scaling ?? 1,
        clipped: 0,
        largestNorm: diagonal(gram).reduce((largest, norm) => Math.max(largest, norm), 0),
        damping,
        kernel: follower.kernel,
        isUnbiased: rounding === 'stochastic' && options.feedback[rounding].kind === 'path' && mask === undefined,
      },
    };
  } finally {
    follower.dispose();
  }
}

function sparsityThreshold(
  sparsity: number,
  aligned: Matrix,
  follow: (threshold: number) => Promise<CodedPath>,
): Promise<number> {
  const largest = aligned.data.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
  const weights = aligned.data.length;
  return findThreshold(
    {zeros: sparsity * weights, weights, largest},
    async (threshold) => (await follow(threshold)).values.data.filter((value) => value === 0).length,
  );
}

/** |w_t|·norm_t; −1 where pruned already. */
export function magnitudes(
  {rows, columns, data}: Matrix,
  normOf: (feature: number) => number,
  mask: Uint8Array | undefined,
): Matrix {
  return matrix(
    rows,
    columns,
    data.map((weight, i) => (mask?.[i] === 0 ? -1 : Math.abs(weight) * normOf(Math.floor(i / columns)))),
  );
}

/** The rank of each score within its neuron, from 0: neurons are pruned alike. */
function* rankByNeuron({rows, columns, data}: Matrix): Task<Matrix> {
  const ranks = matrix(rows, columns);
  for (let n = 0; n < columns; n++) {
    const order = Array.from({length: rows}, (_, t) => t).sort((s, t) => data[s * columns + n] - data[t * columns + n]);
    order.forEach((t, rank) => {
      ranks.data[t * columns + n] = data[t * columns + n] < 0 ? -1 : rank;
    });
    yield;
  }
  return ranks;
}
