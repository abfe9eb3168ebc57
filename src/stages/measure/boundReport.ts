import {matrix, subtract} from '../../numerics/linalg/matrix.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import {pathBound} from '../../numerics/path/bounds.ts';
import type {Task} from '../../numerics/task.ts';
import type {BoundReport} from '../../report/layerReport.ts';
import type {FollowedPath} from '../../solver/followedPath.ts';
import type {VisitedProblem} from '../run/layerVisit.ts';

/** The probability with which the reported bound may fail. */
const PROBABILITY = 0.01;

/** A problem and the path that was followed through it. */
export interface ProblemPath {
  readonly problem: VisitedProblem;
  readonly path: FollowedPath;
}

/** The largest bound and the largest error among the paths of a layer. */
export function* boundReport(paths: readonly ProblemPath[]): Task<BoundReport> {
  const measured: number[] = [];
  for (const path of paths) measured.push(yield* largestError(path));
  return {
    limit: Math.max(...paths.map(limitOf)),
    measured: Math.max(...measured),
    applies: paths.every(({path}) => path.isUnbiased && path.clipped === 0),
  };
}

function limitOf({problem: {statistics}, path: {radius, scaling, largestNorm, values}}: ProblemPath): number {
  return pathBound({
    radius,
    scaling,
    largestNorm,
    rows: Math.max(1, statistics.boundRows.shadow.rows * values.columns),
    probability: PROBABILITY,
  });
}

/** max |X̃(w̃ − q)| over the bound rows, with X̃ centred as in the problem. */
function* largestError({problem: {statistics, isCentred}, path: {aligned, values}}: ProblemPath): Task<number> {
  const {shadow} = statistics.boundRows;
  const difference = subtract(aligned, values);
  const errors = yield* multiply(shadow, difference);
  const offset = isCentred
    ? (yield* multiply(matrix(1, shadow.columns, statistics.shadowMean), difference)).data
    : new Float64Array(difference.columns);
  return errors.data.reduce((largest, error, i) => Math.max(largest, Math.abs(error - offset[i % errors.columns])), 0);
}
