import {solveOnSupport} from '../numerics/linalg/conjugateGradients.ts';
import {applyMask, type Mask} from '../numerics/linalg/mask.ts';
import {type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import type {Task} from '../numerics/task.ts';

/** The least squares of one pruned weight matrix. */
export interface KeptProblem {
  /** H `[features, features]`. */
  readonly gram: Matrix;
  /** GW `[features, neurons]`; the task is not run without iterations. */
  readonly target: Task<Matrix>;
  /** V₀ `[features, neurons]`. */
  readonly start: Matrix;
  readonly mask: Mask;
}

/** Options of {@link solveKept}. */
export interface KeptOptions {
  /** Iterations of conjugate gradients; 0 leaves V₀, masked. */
  readonly iterations: number;
  /** λ / mean diag H. */
  readonly damping: number;
}

/** The kept weights solved anew: argmin ‖XW − X̃V‖² + λ‖V − V₀‖² over V that are 0 off the mask. */
export function* solveKept({gram, target, start, mask}: KeptProblem, {iterations, damping}: KeptOptions): Task<Matrix> {
  if (iterations === 0) return applyMask(start, mask);
  return yield* solveOnSupport(gram, yield* target, start, mask, {iterations, damping});
}

/** The nearest float32 numbers: those that a layer can have as weights. */
export function roundToFloat32({rows, columns, data}: Matrix): Matrix {
  return matrix(rows, columns, data.map(Math.fround));
}
