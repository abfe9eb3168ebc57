import type {Mask} from '../numerics/linalg/mask.ts';
import {diagonal, type Matrix, matrix} from '../numerics/linalg/matrix.ts';

/**
 * Scores of a pruning path `[features, neurons]`, larger ones kept first: |x_t|·‖X̃_t‖ with the argument
 * x_t = w̃_t + drift_t, the norm of what the layer's output loses with the weight. Every weight that T kept ranks above
 * every one that it made 0; weights that an earlier stage pruned rank last.
 */
export function pathScores(
  aligned: Matrix,
  path: {readonly values: Matrix; readonly drift: Matrix},
  gram: Matrix,
  mask: Mask | undefined,
): Matrix {
  const norms = diagonal(gram).map(Math.sqrt);
  const losses = aligned.data.map(
    (weight, i) => Math.abs(weight + path.drift.data[i]) * norms[Math.floor(i / aligned.columns)],
  );
  const above = 1 + losses.reduce((largest, loss) => Math.max(largest, loss), 0);
  return matrix(
    aligned.rows,
    aligned.columns,
    losses.map((loss, i) => {
      if (mask?.[i] === 0) return -1;
      return path.values.data[i] === 0 ? loss : above + loss;
    }),
  );
}
