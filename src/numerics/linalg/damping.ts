import type {Task} from '../task.ts';
import {cholesky} from './cholesky.ts';
import {addToDiagonal, diagonal, type Matrix} from './matrix.ts';

/** How many times damping is multiplied by ten before the factorization gives up. */
const MAX_ESCALATIONS = 6;

/** H + λI, its Cholesky factor, and the relative damping that sufficed. */
export interface Damped {
  readonly gram: Matrix;
  readonly factor: Matrix;
  /** λ = damping · mean diag H, after escalation. */
  readonly damping: number;
  readonly lambda: number;
}

/**
 * Factorizes H + λI, λ = damping · mean diag H. Where that is not positive definite, damping grows tenfold, at most
 * six times.
 * @throws RangeError if H is not a Gram matrix at all (NaN, or negative beyond rounding)
 */
export function* dampedCholesky(gram: Matrix, damping: number): Task<Damped> {
  const mean = meanDiagonal(gram);
  for (
    let escalation = 0, relative = damping;
    escalation <= MAX_ESCALATIONS;
    escalation++, relative = relative > 0 ? relative * 10 : 1e-8
  ) {
    // A layer whose every input is dead has a zero gram: any positive λ will do.
    const lambda = mean > 0 ? relative * mean : 1;
    const damped = addToDiagonal(gram, lambda);
    const factor = yield* cholesky(damped);
    if (factor) return {gram: damped, factor, damping: relative, lambda};
  }
  throw new RangeError(
    `dampedCholesky: the gram of ${gram.rows} features is not positive semidefinite, even with ${MAX_ESCALATIONS} ` +
      `escalations of damping ${damping}; are there NaN or Infinity in the calibration data?`,
  );
}

/** The mean of diag H, the unit of damping. */
export function meanDiagonal(gram: Matrix): number {
  return gram.rows === 0 ? 0 : diagonal(gram).reduce((sum, entry) => sum + entry, 0) / gram.rows;
}
