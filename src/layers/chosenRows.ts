import {cast, expandDims, gather, reshape, type Tensor, type Tensor2D, tensor1d, type Tensor3D} from '@tensorflow/tfjs-core';

/**
 * Rows of X of a kernel that is multiplied with the last axis of what it meets: every axis before that is positions.
 * @returns `[1, rows, features]`
 */
export function chosenRows(met: Tensor, rows: Int32Array): Tensor3D {
  const all: Tensor2D = reshape(cast(met, 'float32'), [-1, met.shape[met.rank - 1]]);
  return expandDims(gather(all, tensor1d(rows, 'int32')), 0);
}
