import type {ProblemStatistics, RowPair} from '../../calibration/targetStatistics.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {multiplySteps} from '../../numerics/linalg/product.ts';
import type {Steps} from '../../numerics/task.ts';

/** What is to stand for a weight matrix. */
export interface Replacement {
  /** W `[features, neurons]`, and rows of its inputs. */
  readonly problem: {readonly weights: Matrix; readonly statistics: ProblemStatistics};
  /** Q `[features, neurons]`. */
  readonly values: Matrix;
  /** What the bias gains `[neurons]`, if it does. */
  readonly shift: Float64Array | undefined;
}

/** ‖XW − X̃Q − 1cᵀ‖ / ‖XW‖ over all problems of a layer, on held-back rows; on calibrated ones where none could be spared. */
export function* heldBackError(replacements: readonly Replacement[]): Steps<number> {
  let difference = 0, norm = 0;
  for (const {problem, values, shift} of replacements) {
    const {original, shadow} = rowsFor(problem);
    const target = yield* multiplySteps(original, problem.weights);
    const actual = yield* multiplySteps(shadow, values);
    target.data.forEach((value, i) => {
      difference += (value - actual.data[i] - (shift?.[i % target.columns] ?? 0)) ** 2;
      norm += value ** 2;
    });
  }
  return norm > 0 ? Math.sqrt(difference / norm) : 0;
}

/** Held-back rows; calibrated ones where none could be spared. */
export function rowsFor({statistics: {heldBack, witnesses, lookups}}: Replacement['problem']): RowPair {
  return (lookups?.heldBack ?? heldBack.original.rows) > 0 ? heldBack : witnesses;
}
