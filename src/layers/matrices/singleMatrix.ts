import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';

/** Kernels `[…, neurons]` whose leading axes, flattened in order, are the features. */
export const singleMatrix = {
  toMatrices(kernel: ArrayLike<number>, shape: readonly number[]): Matrix[] {
    const neurons = shape[shape.length - 1];
    return [matrix(kernel.length / neurons, neurons, Float64Array.from(kernel))];
  },

  matrixCount: (): number => 1,

  features: (shape: readonly number[]): number => sizeOf(shape.slice(0, -1)),

  neurons: (shape: readonly number[]): number => shape[shape.length - 1],

  fromMatrices([only]: readonly Matrix[]): Float32Array {
    return Float32Array.from(only.data);
  },
};
