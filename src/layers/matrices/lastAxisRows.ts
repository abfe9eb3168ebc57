import {cast, reshape, type Tensor, type Tensor2D} from '@tensorflow/tfjs-core';
import {takeRows} from '../../ops/takeRows.ts';

/**
 * Chosen rows of a tensor whose last axis is the features and whose other axes, in their order, are the rows.
 * @returns `[rows, features]`
 */
export function lastAxisRows(input: Tensor, rows: Int32Array): Tensor2D {
  const all: Tensor2D = reshape(cast(input, 'float32'), [-1, input.shape[input.rank - 1]]);
  return takeRows(all, rows);
}
