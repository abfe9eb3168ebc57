import type {Rank, Tensor4D} from '@tensorflow/tfjs-core';
import {depthwiseConv2d, reshape, sum, tidy, transpose} from '@tensorflow/tfjs-core';
import {defineKernel} from '../../src/ops/kernel.ts';
import {type ConvolutionAttrs, cropToWindows, geometryOf} from './convolution.ts';

/**
 * ∂L/∂W of a depthwise convolution with M filters per channel, as a depthwise convolution whose channels are the
 * pairs (b, c), dilated by s, and then summed over b:
 *
 *     dW[i, j, c, m] = Σ_b Σ_{y, x} xpad[b, y·s + i, x·s + j, c] · dy[b, y, x, c·M + m].
 */
export const depthwiseConv2dNativeBackpropFilter = defineKernel<
  {x: Tensor4D; dy: Tensor4D},
  ConvolutionAttrs & {filterShape: [number, number, number, number]}
>({
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({inputs: {x, dy}, attrs}) =>
    tidy(() => {
      const [kernelHeight, kernelWidth, channels, multiplier] = attrs.filterShape;
      const geometry = geometryOf(x.shape, attrs.filterShape, attrs, true);
      const {batchSize, outHeight, outWidth, strideHeight, strideWidth} = geometry;
      const reached = cropToWindows(x, geometry);
      const images = reshape<Rank.R4>(transpose(reached, [1, 2, 0, 3]), [
        1,
        reached.shape[1],
        reached.shape[2],
        batchSize * channels,
      ]);
      const gradients = reshape<Rank.R4>(transpose(dy, [1, 2, 0, 3]), [
        outHeight,
        outWidth,
        batchSize * channels,
        multiplier,
      ]);
      const perImage = depthwiseConv2d<Tensor4D>(images, gradients, 1, 'valid', 'NHWC', [strideHeight, strideWidth]);
      return sum(reshape(perImage, [kernelHeight, kernelWidth, batchSize, channels, multiplier]), 2);
    }),
});
