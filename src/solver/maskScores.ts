import type {Mask} from '../numerics/linalg/mask.ts';
import {diagonal, type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import {type AlignmentOptions, alignWeights} from '../numerics/path/alignment.ts';
import {dampedFeedback, type FeedbackOptions} from '../numerics/path/pathFeedback.ts';
import type {Scales} from '../numerics/scales/scales.ts';
import {reals} from '../numerics/stochastic/alphabet.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';
import type {Task, TaskRunner} from '../numerics/task.ts';
import {type CodedPath, pathFollower} from '../ops/followPath.ts';
import {type FollowedPath, recordPath} from './followedPath.ts';
import {pathScores} from './pathScores.ts';
import {findThreshold} from './sparsityThreshold.ts';
import type {MatrixIndex, WeightProblem} from './weightProblem.ts';

/**
 * How masks are found: along a path, at random or by a hard threshold; by |w|; by |w|·‖X‖ within each neuron
 * (Sun et al. 2024).
 */
export type MaskName = 'stochastic path' | 'nearest path' | 'magnitude' | 'wanda';

/** How a path prunes one weight matrix. */
export interface PrunePathOptions {
  /** The share of zeros, or the threshold c itself. */
  readonly amount: {readonly sparsity: number} | {readonly threshold: number};
  readonly alignment: AlignmentOptions;
  /** Feedback by rounding: a stochastic path needs a larger C. */
  readonly feedback: Readonly<Record<Rounding, FeedbackOptions>>;
  readonly seed: number;
  readonly strictKernels: boolean;
}

/** The scores a mask is made from: weights with larger scores are kept first. */
export interface ScoredWeights {
  /** `[features, neurons]`. */
  readonly scores: Matrix;
  /** The weights as the method leaves them: kept ones and zeros. */
  readonly values: Matrix;
  /** The path that they come from, if any. */
  readonly path: FollowedPath | undefined;
}

/** Scores the weights of one matrix by one method. */
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
      return {scores: magnitudes(weights, mask), values: weights, path: undefined};
    case 'wanda': {
      const norms = diagonal(gram).map(Math.sqrt);
      return {
        scores: await runner.run(rankByNeuron(magnitudes(weights, mask, norms))),
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
  {alignment, feedback: feedbackByRounding, amount, seed, strictKernels}: PrunePathOptions,
  runner: TaskRunner,
): Promise<ScoredWeights> {
  const aligned = await runner.run(alignWeights(weights, gram, crossGram, alignment));
  const {feedback, damping} = await runner.run(dampedFeedback(gram, feedbackByRounding[rounding]));
  const follower = pathFollower(aligned, feedback, {strict: strictKernels, runner});
  const {columns: neurons} = aligned;
  const address = {seed, layer: matrixIndex.layer, firstNeuron: matrixIndex.matrix * neurons, path: 0};
  const letters = {kind: 'pruner', rounding, alphabet: reals, scales: unitScales(aligned)} as const;
  const follow = async (threshold: number): Promise<CodedPath> => {
    await runner.checkpoint();
    return follower.follow({...letters, ...address, threshold, mask});
  };
  try {
    const threshold =
      'threshold' in amount ? amount.threshold : await sparsityThreshold(amount.sparsity, aligned, follow);
    const path = await follow(threshold);
    const {kernel} = follower;
    const isRandom = rounding === 'stochastic';
    return {
      scores: pathScores(aligned, path, gram, mask),
      values: path.values,
      path: recordPath(
        {aligned, gram, feedback: feedbackByRounding[rounding], damping, kernel, isRandom, mask},
        {values: path.values, radius: threshold, clipped: 0},
      ),
    };
  } finally {
    follower.dispose();
  }
}

/** Step 1 for every neuron: a pruner's letters are the numbers themselves. */
function unitScales({rows: features, columns: neurons}: Matrix): Scales {
  return {groupSize: features, groups: 1, neurons, steps: new Float64Array(neurons).fill(1)};
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

/** |w_t|, or |w_t|·norm_t with norms by feature; −1 where an earlier stage pruned. */
export function magnitudes({rows, columns, data}: Matrix, mask?: Mask, norms?: Float64Array): Matrix {
  return matrix(
    rows,
    columns,
    data.map((weight, i) => (mask?.[i] === 0 ? -1 : Math.abs(weight) * (norms?.[Math.floor(i / columns)] ?? 1))),
  );
}

/** The rank of each score within its neuron, from 0, so that all neurons are pruned alike. */
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
