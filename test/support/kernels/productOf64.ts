import {matMul, reshape, tensor1d, tidy} from '@tensorflow/tfjs-core';

/**
 * M Mᵀ on the active backend, for a matrix M `[64, 64]` of the integers 0 to 16: exact in float32 in any order of
 * summation. It has 4,096 elements because the webgpu backend leaves operations below 1,000 to the cpu.
 */
export async function productOf64(): Promise<Float32Array> {
  const product = tidy(() => {
    const matrix = reshape(tensor1d(Float32Array.from({length: 64 * 64}, (_, i) => (i * i) % 17)), [64, 64]);
    return matMul(matrix, matrix, false, true);
  });
  const values = await product.data<'float32'>();
  product.dispose();
  return values;
}
