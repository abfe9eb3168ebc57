import type {Mask} from '../numerics/linalg/mask.ts';
import {diagonal, type Matrix, matrix} from '../numerics/linalg/matrix.ts';

/**
 * How much a path wants to keep each weight `[features, neurons]`: |x_t|·‖X̃_t‖ of its argument x_t = w̃_t + drift_t, what the layer's outputs
 * lose with it; every weight that T kept before every one that it made 0. Weights that are pruned already come last.
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
