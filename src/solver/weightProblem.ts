import type {Grams} from '../numerics/correction/centering.ts';
import {meanDiagonal} from '../numerics/linalg/damping.ts';
import type {Mask} from '../numerics/linalg/mask.ts';
import {diagonal, type Matrix, matrix} from '../numerics/linalg/matrix.ts';

/** Where it stands in its model. */
export interface MatrixIndex {
  readonly layer: number;
  readonly matrix: number;
}

/** One weight matrix and what calibration says of its inputs. */
export interface WeightProblem extends Grams {
  /** W `[features, neurons]`. */
  readonly weights: Matrix;
  /** Which weights an earlier stage left, and what it made of them: the letters start from there. */
  readonly mask?: Mask | undefined;
  readonly current?: Matrix;
}

/** A problem with the target of its least squares. */
export interface TargetedProblem extends WeightProblem {
  /** GW `[features, neurons]`, or less where a bias does a part of it. */
  readonly target: Matrix;
}

/**
 * The problem of minimising ‖XW − X̃Q‖² + λ‖V − Q‖², V = W, or what an earlier stage made of the weights that it left:
 * what few rows say is not believed to the last. H + λI and G + λI stand for H and G. A dead feature stays dead.
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
  return {...problem, gram: withAddedDiagonal(gram, added), crossGram: withAddedDiagonal(crossGram, added), target};
}

function withAddedDiagonal({rows, columns, data}: Matrix, added: Float64Array): Matrix {
  const sum = matrix(rows, columns, data.slice());
  added.forEach((amount, t) => {
    sum.data[t * columns + t] += amount;
  });
  return sum;
}
