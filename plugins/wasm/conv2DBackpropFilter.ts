import type {Tensor4D} from '@tensorflow/tfjs-core';
import {conv2d, tidy, transpose} from '@tensorflow/tfjs-core';
import {defineKernel} from '../../src/ops/kernel.ts';
import {type ConvolutionAttrs, cropToWindows, geometryOf} from './convolution.ts';

/**
 * ∂L/∂W of a convolution, as the convolution conv(xᵀ, dyᵀ) dilated by s: the channels of x become the batch, and dy
 * becomes the filter,
 *
 *     dW[i, j, c, f] = Σ_{b, y, x} xpad[b, y·s + i, x·s + j, c] · dy[b, y, x, f].
 */
export const conv2DBackpropFilter = defineKernel<
  {x: Tensor4D; dy: Tensor4D},
  ConvolutionAttrs & {filterShape: [number, number, number, number]}
>({
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({inputs: {x, dy}, attrs}) =>
    tidy(() => {
      const geometry = geometryOf(x.shape, attrs.filterShape, attrs);
      const images = transpose(cropToWindows(x, geometry), [3, 1, 2, 0]);
      const gradients = transpose(dy, [1, 2, 0, 3]);
      const filter = conv2d(images, gradients, 1, 'valid', 'NHWC', [geometry.strideHeight, geometry.strideWidth]);
      return transpose(filter, [1, 2, 0, 3]);
    }),
});
