import {cast, expandDims, reshape, type Tensor2D, tidy} from '@tensorflow/tfjs-core';
import {sizeOf} from '../../numerics/sizeOf.ts';
import {PACKED_MATMUL, packedMatMul} from '../../ops/packed/packedOps.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {lastAxisRows} from '../matrices/lastAxisRows.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';

/** Dense: the last axis of the input holds the features; every axis between it and the batch counts positions. */
export const dense = singleKernel({
  className: 'Dense',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions: (_layer, inputShape) => sizeOf(inputShape.slice(1, -1)),

  columns: (_layer, input, rows) => tidy(() => expandDims(lastAxisRows(input, rows), 0)),

  kernelShape: (layer, inputShape) => [inputShape[inputShape.length - 1], Number(layer.getConfig()['units'])],

  packed: {
    op: PACKED_MATMUL,
    run: (_layer, input, operand, epilogue) => {
      const [features, ...others] = [...input.shape].reverse();
      const rows: Tensor2D = reshape(cast(input, 'float32'), [-1, features]);
      return reshape(packedMatMul(rows, operand, epilogue), [...others.reverse(), operand.layout.neurons]);
    },
  },
});
