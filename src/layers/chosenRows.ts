import {expandDims, type Tensor, type Tensor3D} from '@tensorflow/tfjs-core';
import {lastAxisRows} from './lastAxisRows.ts';

/**
 * Rows of X of the only problem of a kernel that is multiplied with the last axis of what it meets: every axis before that is positions.
 * @returns `[1, rows, features]`
 */
export function chosenRows(met: Tensor, rows: Int32Array): Tensor3D {
  return expandDims(lastAxisRows(met, rows), 0);
}
