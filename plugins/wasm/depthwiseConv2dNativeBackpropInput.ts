import type {Rank, Tensor4D} from '@tensorflow/tfjs-core';
import {depthwiseConv2d, reshape, reverse, sum, tidy} from '@tensorflow/tfjs-core';
import {defineKernel} from '../../src/ops/kernel.ts';
import {type ConvolutionAttrs, geometryOf, spreadGradient} from './convolution.ts';

/**
 * ∂L/∂x of a depthwise convolution with M filters per channel, as a depthwise convolution over the C·M channels of dy,
 *
 *     dx[b, y, x, c] = Σ_m Σ_{i, j} dyspread[b, y + i, x + j, c·M + m] · W[kh − 1 − i, kw − 1 − j, c, m].
 */
export const depthwiseConv2dNativeBackpropInput = defineKernel<
  {dy: Tensor4D; filter: Tensor4D},
  ConvolutionAttrs & {inputShape: [number, number, number, number]}
>({
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  backendName: 'wasm',
  kernelFunc: ({inputs: {dy, filter}, attrs}) =>
    tidy(() => {
      const [kernelHeight, kernelWidth, channels, multiplier] = filter.shape;
      const geometry = geometryOf(attrs.inputShape, filter.shape, attrs, true);
      const turned = reshape<Rank.R4>(reverse(filter, [0, 1]), [kernelHeight, kernelWidth, channels * multiplier, 1]);
      const dx = depthwiseConv2d<Tensor4D>(spreadGradient(dy, geometry), turned, 1, 'valid');
      return multiplier === 1 ? dx : sum(reshape(dx, [...attrs.inputShape, multiplier]), 4);
    }),
});
