import type {ProblemStatistics, RowPair} from '../../calibration/problemStatistics.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import type {Task} from '../../numerics/task.ts';

/** A weight matrix Q in place of W. */
export interface Replacement {
  /** W `[features, neurons]`, and statistics of its inputs. */
  readonly problem: {readonly weights: Matrix; readonly statistics: ProblemStatistics};
  /** Q `[features, neurons]`. */
  readonly values: Matrix;
  /** c, the shift of the bias `[neurons]`; undefined if it stays as it is. */
  readonly shift: Float64Array | undefined;
}

/** ‖XW − X̃Q − 1cᵀ‖ / ‖XW‖ over all problems of a layer, on the rows of {@link rowsFor}. */
export function* heldOutError(replacements: readonly Replacement[]): Task<number> {
  let difference = 0,
    norm = 0;
  for (const {problem, values, shift} of replacements) {
    const {original, shadow} = rowsFor(problem);
    const target = yield* multiply(original, problem.weights);
    const actual = yield* multiply(shadow, values);
    target.data.forEach((value, i) => {
      difference += (value - actual.data[i] - (shift?.[i % target.columns] ?? 0)) ** 2;
      norm += value ** 2;
    });
  }
  return norm > 0 ? Math.sqrt(difference / norm) : 0;
}

/** The held-out rows; the bound rows, which are calibration rows, if there were too few rows to hold any out. */
export function rowsFor({statistics: {heldOut, boundRows, lookups}}: Replacement['problem']): RowPair {
  return (lookups?.heldOut ?? heldOut.original.rows) > 0 ? heldOut : boundRows;
}
