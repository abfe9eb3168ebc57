import type {Grams} from '../numerics/correction/centering.ts';
import {meanDiagonal} from '../numerics/linalg/damping.ts';
import type {Mask} from '../numerics/linalg/mask.ts';
import {addToDiagonal, diagonal, type Matrix, matrix} from '../numerics/linalg/matrix.ts';

/** Which weight matrix of a model: random numbers depend on it. */
export interface MatrixIndex {
  readonly layer: number;
  readonly matrix: number;
}

/** One weight matrix and the calibration statistics of its inputs. */
export interface WeightProblem extends Grams {
  /** W `[features, neurons]`. */
  readonly weights: Matrix;
  /** The mask of an earlier stage, and the weights as it left them: quantization starts from these. */
  readonly mask?: Mask | undefined;
  readonly current?: Matrix;
}

/** A problem with its least-squares target. */
export interface TargetedProblem extends WeightProblem {
  /** GW `[features, neurons]`, less the part that a bias supplies. */
  readonly target: Matrix;
}

/**
 * Regularises a problem towards V, which matters when calibration rows are few: minimising
 *
 *     ‖XW − X̃Q‖² + λ‖V − Q‖²,   V = W, or the weights as an earlier stage left them,
 *
 * replaces H by H + λI, G by G + λI and the target GW by GW + λV. A dead feature stays dead.
 * @param ridge λ / mean diag H
 */
export function withRidge(problem: TargetedProblem, ridge: number): TargetedProblem {
  const {weights, gram, crossGram, mask, current} = problem;
  if (ridge === 0) return problem;
  const lambda = ridge * meanDiagonal(gram);
  const added = diagonal(gram).map((norm) => (norm > 0 ? lambda : 0));
  const centre = mask && current ? current : weights;
  const {rows, columns, data} = problem.target;
  const target = matrix(
    rows,
    columns,
    data.map((entry, i) => entry + added[Math.floor(i / columns)] * centre.data[i]),
  );
  return {...problem, gram: addToDiagonal(gram, added), crossGram: addToDiagonal(crossGram, added), target};
}
