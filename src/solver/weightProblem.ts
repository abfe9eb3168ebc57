import type {Grams} from '../numerics/correction/centering.ts';
import type {Mask} from '../numerics/linalg/mask.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';

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
