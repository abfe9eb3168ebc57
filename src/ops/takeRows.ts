import {gatherND, type Tensor2D, tensor2d} from '@tensorflow/tfjs-core';

/**
 * Rows of a matrix. With `gatherND`, which on wasm copies row by row: `gather` there places each number by itself, at 40 ns apiece.
 * @param all `[rows, columns]`
 * @param rows which of them, in the order wanted
 */
export function takeRows(all: Tensor2D, rows: Int32Array): Tensor2D {
  return gatherND(all, tensor2d(rows, [rows.length, 1], 'int32')) as Tensor2D;
}
