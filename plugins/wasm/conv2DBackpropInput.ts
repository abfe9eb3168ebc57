import type {KernelConfig, Tensor4D} from '@tensorflow/tfjs-core';
import {conv2d, reverse, tidy, transpose} from '@tensorflow/tfjs-core';
import {backendAttrs, backendInputs, defineKernel} from '../../src/ops/kernel.ts';
import {type ConvolutionAttrs, geometryOf, spreadGradient, strideOf} from './convolution.ts';

/**
 * ∂L/∂x of a convolution, as a convolution of stride 1 with the filter turned by 180° and its channels exchanged,
 *
 *     dx[b, y, x, c] = Σ_{i, j, f} dyspread[b, y + i, x + j, f] · W[kh − 1 − i, kw − 1 − j, c, f],
 *
 * where dyspread has s − 1 zeros between the rows and columns of dy. It multiplies s² times as often as the stock
 * kernel, which takes about seven times as long for each multiplication: larger strides are left to the stock kernel,
 * and so are channels-first data.
 * @param stock the wasm backend's own kernel, whose `setupFunc` is kept
 */
export function conv2DBackpropInput(stock: KernelConfig): KernelConfig {
  const kernel = defineKernel<
    {dy: Tensor4D; filter: Tensor4D},
    ConvolutionAttrs & {inputShape: [number, number, number, number]},
    object
  >({
    kernelName: stock.kernelName,
    backendName: stock.backendName,
    kernelFunc: ({inputs, attrs, backend}) => {
      if (!isWorthwhile(attrs))
        return stock.kernelFunc({inputs: backendInputs(inputs), attrs: backendAttrs(attrs), backend});
      return tidy(() => {
        const turned = transpose(reverse(inputs.filter, [0, 1]), [0, 1, 3, 2]);
        return conv2d(
          spreadGradient(inputs.dy, geometryOf(attrs.inputShape, inputs.filter.shape, attrs)),
          turned,
          1,
          'valid',
        );
      });
    },
  });
  return {...stock, ...kernel};
}

function isWorthwhile(attrs: ConvolutionAttrs): boolean {
  const [strideHeight, strideWidth] = strideOf(attrs);
  return strideHeight * strideWidth <= 4 && attrs.dataFormat !== 'NCHW';
}
