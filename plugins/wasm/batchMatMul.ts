import type {KernelConfig, Tensor3D} from '@tensorflow/tfjs-core';
import {matMul, tidy, transpose} from '@tensorflow/tfjs-core';
import {backendAttrs, backendInputs, defineKernel} from '../../src/ops/kernel.ts';

interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * A product of transposed matrices, the gradient of every Dense, as a product of matrices that were transposed before:
 * only for those the stock kernel has a fast way, by XNNPACK, and it takes about eight times as long for the others.
 * @param stock the wasm backend's own kernel
 */
export function batchMatMul(stock: KernelConfig): KernelConfig {
  const kernel = defineKernel<{a: Tensor3D; b: Tensor3D}, MatMulAttrs, object>({
    kernelName: stock.kernelName,
    backendName: stock.backendName,
    kernelFunc: ({inputs, attrs, backend}) => {
      const {transposeA, transposeB} = attrs;
      if (!transposeA && !transposeB)
        return stock.kernelFunc({inputs: backendInputs(inputs), attrs: backendAttrs(attrs), backend});
      return tidy(() =>
        matMul(transposeA ? swapLastAxes(inputs.a) : inputs.a, transposeB ? swapLastAxes(inputs.b) : inputs.b),
      );
    },
  });
  return {...stock, ...kernel};
}

/** With the last two axes exchanged. */
function swapLastAxes(x: Tensor3D): Tensor3D {
  const {length} = x.shape;
  return transpose(
    x,
    x.shape.map((_, axis) => (axis < length - 2 ? axis : 2 * length - 3 - axis)),
  );
}
