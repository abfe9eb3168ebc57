import {
  cast,
  gather,
  oneHot,
  reshape,
  type Tensor1D,
  tensor1d,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import {DataError} from '../../errors.ts';
import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import {PACKED_GATHER, packedGather} from '../../ops/packed/packedOps.ts';
import type {KernelAdapter} from '../adapter/kernelAdapter.ts';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import {layerInput, singleOpRoute} from '../adapter/singleKernel.ts';

/** Rows of one matrix at most; they share one scale per dimension. */
const MAX_ROWS = 256;

/**
 * Embedding: kernel `[vocabulary, dimension]`, of which each token looks up a row. Rows are never added up, so that
 * they are divided into matrices `[rows, dimension]` of at most 256 rows. The last is padded by repeating its rows.
 */
export const embedding: LayerAdapter = {
  className: 'Embedding',
  kernels: () => [kernel],
  weights: (layer) => {
    const {inputDim, outputDim} = layer.getConfig();
    return [{name: 'embeddings', shape: [Number(inputDim), Number(outputDim)]}];
  },
  packed: () =>
    singleOpRoute({
      op: PACKED_GATHER,
      run: (layer, input, operand) => {
        const rows = packedGather(reshape(input, [input.size]), operand, Number(layer.getConfig()['inputDim']));
        return reshape(rows, [...input.shape, operand.layout.neurons]);
      },
      inputAt: (layer, uniform) => Math.floor(uniform * Number(layer.getConfig()['inputDim'])),
    }),
};

const kernel: KernelAdapter = {
  weight: 0,
  // The output is rows of one matrix or another, so that no constant added after the layer can correct one of them.
  producesLayerOutput: false,
  keepDenseReason:
    'an embedding stays dense, because calibration says little of its rare rows; `include` overrides this',

  toMatrices(weights, shape): Matrix[] {
    const [features, [vocabulary, dimension]] = [rowsOf(shape), shape];
    return Array.from({length: matrixCountOf(shape)}, (_, p) => {
      const first = p * features;
      const count = Math.min(features, vocabulary - first);
      return matrix(
        features,
        dimension,
        Float64Array.from(
          {length: features * dimension},
          (__, i) => weights[first * dimension + (i % (count * dimension))],
        ),
      );
    });
  },

  fromMatrices(matrices, [vocabulary, dimension]) {
    const weights = new Float32Array(vocabulary * dimension);
    matrices.forEach(({data}, p) => {
      weights.set(data.subarray(0, weights.length - p * data.length), p * data.length);
    });
    return weights;
  },

  matrixCount: matrixCountOf,
  features: rowsOf,
  neurons: (shape) => shape[1],
  positions: (_layer, inputShape) => sizeOf(inputShape.slice(1)),
  kernelInput: layerInput,

  columns: (layer, input, rows) =>
    tidy(() => {
      const [{shape}] = embedding.weights(layer, []);
      const [matrixCount, features] = [matrixCountOf(shape), rowsOf(shape)];
      const tokens: Tensor1D = gather(reshape(cast(input, 'int32'), [input.size]), tensor1d(rows, 'int32'));
      const columns: Tensor3D = reshape(oneHot(tokens, matrixCount * features, 1, 0, 'float32'), [
        rows.length,
        matrixCount,
        features,
      ]);
      return transpose(columns, [1, 0, 2]);
    }),

  async rowIndices(layer, input) {
    const {inputDim, maskZero} = layer.getConfig();
    return Int32Array.from(await input.data(), (token) => {
      if (token > -1 && token < Number(inputDim)) return token === 0 && maskZero === true ? -1 : token;
      throw new DataError(
        `layer '${layer.name}': expected tokens from 0 to ${Number(inputDim) - 1}, got ${token}; ` +
          'is the vocabulary another than in training?',
      );
    });
  },
};

function rowsOf([vocabulary]: readonly number[]): number {
  return Math.ceil(vocabulary / Math.ceil(vocabulary / MAX_ROWS));
}

function matrixCountOf(shape: readonly number[]): number {
  return Math.ceil(shape[0] / rowsOf(shape));
}
