import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import type {KernelAdapter} from '../../../src/layers/adapter/kernelAdapter.ts';

/**
 * Σ columns · W + bias in float64 over all rows of X that a call gives a kernel: rows by neurons of all problems, one
 * after the other.
 */
export async function kernelSums(
  kernel: KernelAdapter,
  layer: layers.Layer,
  inputs: readonly Tensor[],
  mask?: Tensor,
): Promise<Matrix> {
  const rows = inputs[0].shape[0] * kernel.positions(layer, inputs[0].shape);
  const input = kernel.kernelInput(layer, inputs, mask);
  const columns = kernel.columns(
    layer,
    input,
    Int32Array.from({length: rows}, (_, row) => row),
  );
  const values = Float64Array.from(await columns.data());
  const [problems, , width] = columns.shape;
  dispose([columns, input]);
  const weight = layer.getWeights()[kernel.weight];
  const bias = kernel.bias === undefined ? undefined : await layer.getWeights()[kernel.bias].data();
  const matrices = kernel.toMatrices(await weight.data(), weight.shape);
  const sums = matrices.map((one, p) =>
    multiply(matrix(rows, width, values.slice(p * rows * width, (p + 1) * rows * width)), one),
  );
  const [{columns: neurons}] = sums;
  const all = problems * neurons;
  return matrix(
    rows,
    all,
    Float64Array.from({length: rows * all}, (_, i) => {
      const [row, n] = [Math.floor(i / all), i % all];
      return sums[Math.floor(n / neurons)].data[row * neurons + (n % neurons)] + (bias?.[n] ?? 0);
    }),
  );
}
