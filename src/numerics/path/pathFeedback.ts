import {panelsOf} from '../linalg/blocks.ts';
import {dampedCholesky} from '../linalg/damping.ts';
import {type Matrix, matrix, transpose} from '../linalg/matrix.ts';
import type {Task} from '../task.ts';

/** How much a feature compensates the errors that were made before it. */
export interface FeedbackOptions {
  /** `'path'`: GPFQ/SPFQ. `'optimal'`: OPTQ/LDLQ. `'none'`: round to nearest. */
  readonly kind: 'path' | 'optimal' | 'none';
  /** C ≥ 1, of `'path'`. Default 1. */
  readonly scaling?: number;
  /** λ / mean diag H, of `'optimal'`. Default 0.01; escalated if H + λI is not positive definite. */
  readonly damping?: number;
}

/**
 * The strictly lower triangular F of the recurrence q_t = T(w̃_t + Σ_{s<t} F_ts (w̃_s − q_s)).
 *
 * - path: F_ts = H_ts / (C · H_tt), 0 for a dead feature t (Zhang & Saab 2024, phase II);
 * - optimal: F_ts = A_ts / A_tt with H + λI = AᵀA, A lower triangular (Frantar et al. 2023; Chee et al. 2023);
 * - none: 0.
 * @param gram H `[features, features]`
 * @throws RangeError if `scaling` < 1, or H is no Gram matrix
 */
export function* dampedFeedback(
  gram: Matrix,
  {kind, scaling = 1, damping = 0.01}: FeedbackOptions,
): Task<{feedback: Matrix; damping: number | undefined}> {
  if (!(scaling >= 1)) throw new RangeError(`pathFeedback: expected \`scaling\` to be at least 1, got ${scaling}`);
  switch (kind) {
    case 'none':
      return {feedback: matrix(gram.rows, gram.rows), damping: undefined};
    case 'path':
      return {feedback: yield* feedbackBelowDiagonal(gram, scaling), damping: undefined};
    case 'optimal': {
      const damped = yield* dampedCholesky(reverseBoth(gram), damping);
      return {feedback: yield* feedbackBelowDiagonal(yield* lowerFactor(damped.factor), 1), damping: damped.damping};
    }
  }
}

/** A_ts / (C · A_tt) below the diagonal, 0 elsewhere and in rows whose diagonal entry is 0. */
function* feedbackBelowDiagonal({rows: features, data}: Matrix, scaling: number): Task<Matrix> {
  const feedback = matrix(features, features);
  for (const {first, last} of panelsOf(feedback)) {
    for (let t = first; t < last; t++) {
      const norm = scaling * data[t * features + t];
      if (!(norm > 0)) continue; // a dead feature moves nothing
      for (let s = 0; s < t; s++) feedback.data[t * features + s] = data[t * features + s] / norm;
    }
    yield;
  }
  return feedback;
}

/**
 * A lower triangular with AᵀA = H + λI. With J the reversal of features, J(H + λI)J = LLᵀ, so that
 * H + λI = (JLᵀJ)ᵀ(JLᵀJ), and A = JLᵀJ is lower triangular.
 * @param factor L
 */
function* lowerFactor(factor: Matrix): Task<Matrix> {
  return reverseBoth(yield* transpose(factor));
}

/** Rows and columns in reverse order: for a square matrix, its entries from last to first. */
function reverseBoth({rows, columns, data}: Matrix): Matrix {
  return matrix(rows, columns, data.slice().reverse());
}
