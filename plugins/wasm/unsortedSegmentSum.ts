import type {Tensor, Tensor1D} from '@tensorflow/tfjs-core';
import {greaterEqual, less, logicalAnd, reshape, scalar, scatterND, slice, tidy, where} from '@tensorflow/tfjs-core';
import {defineKernel} from '../../src/ops/kernel.ts';

/**
 * The gradient of a gather, and so of an Embedding: y[k] = Σ_{i: ids[i] = k} x[i], by scatterND, which adds up rows
 * that are scattered to the same index. Rows whose id is none of 0 … numSegments − 1 are dropped, as on cpu.
 */
export const unsortedSegmentSum = defineKernel<{x: Tensor; segmentIds: Tensor1D}, {readonly numSegments: number}>({
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({inputs: {x, segmentIds}, attrs: {numSegments}}) =>
    tidy(() => {
      const known = logicalAnd(greaterEqual(segmentIds, 0), less(segmentIds, numSegments));
      const indices = reshape(where<Tensor>(known, segmentIds, scalar(numSegments, 'int32')), [-1, 1]);
      const size = x.shape.slice(1);
      const sums = scatterND(indices, x, [numSegments + 1, ...size]);
      return slice(
        sums,
        x.shape.map(() => 0),
        [numSegments, ...size],
      );
    }),
});
