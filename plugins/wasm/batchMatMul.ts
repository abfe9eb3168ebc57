import type {KernelConfig, Tensor3D} from '@tensorflow/tfjs-core';
import {matMul, tidy, transpose} from '@tensorflow/tfjs-core';
import {backendAttrs, backendInputs, defineKernel} from '../../src/ops/kernel.ts';

interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Transposes matrices before they are multiplied. Products of transposed matrices are the gradient of every Dense, and
 * the stock kernel, which uses XNNPACK only where nothing is transposed, takes about eight times as long for them.
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

/** Exchanges the last two axes. */
function swapLastAxes(x: Tensor3D): Tensor3D {
  const {length} = x.shape;
  return transpose(
    x,
    x.shape.map((_, axis) => (axis < length - 2 ? axis : 2 * length - 3 - axis)),
  );
}
