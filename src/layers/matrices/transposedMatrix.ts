import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';

/**
 * Kernels `[…taps, neurons, channels]` of transposed convolutions: a feature is (tap, channel), with the taps reversed,
 * as a window over the input applies them.
 */
export const transposedMatrix = {
  toMatrices(kernel: ArrayLike<number>, shape: readonly number[]): Matrix[] {
    const [features, neurons] = [transposedMatrix.features(shape), transposedMatrix.neurons(shape)];
    return [
      matrix(
        features,
        neurons,
        Float64Array.from({length: kernel.length}, (_, i) => kernel[kernelIndex(i, shape)]),
      ),
    ];
  },

  matrixCount: (): number => 1,

  features: (shape: readonly number[]): number => tapsOf(shape) * shape[shape.length - 1],

  neurons: (shape: readonly number[]): number => shape[shape.length - 2],

  fromMatrices([{data}]: readonly Matrix[], shape: readonly number[]): Float32Array {
    const kernel = new Float32Array(data.length);
    data.forEach((value, i) => {
      kernel[kernelIndex(i, shape)] = value;
    });
    return kernel;
  },
};

function tapsOf(shape: readonly number[]): number {
  return sizeOf(shape.slice(0, -2));
}

/** Index of entry i of the matrix in the flattened kernel. */
function kernelIndex(i: number, shape: readonly number[]): number {
  const [neurons, channels] = shape.slice(-2);
  const [feature, neuron] = [Math.floor(i / neurons), i % neurons];
  const tap = tapsOf(shape) - 1 - Math.floor(feature / channels);
  return (tap * neurons + neuron) * channels + (feature % channels);
}
