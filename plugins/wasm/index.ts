/**
 * Trains convolutional and recurrent networks on tfjs's 'wasm' backend: registers the four gradient kernels that it
 * lacks, and replaces two slow ones. Importing the module is all that is needed.
 *
 * ```ts
 * import 'tfjs-compress/plugins/wasm';
 * await tf.setBackend('wasm');
 * await model.fit(x, y);
 * ```
 * @module tfjs-compress/plugins/wasm
 */
import '@tensorflow/tfjs-backend-wasm'; // its own kernels first: two of them are replaced
import {getKernel, type KernelConfig, registerKernel, unregisterKernel} from '@tensorflow/tfjs-core';
import {registerMissing} from '../../src/ops/kernel.ts';
import {batchMatMul} from './batchMatMul.ts';
import {conv2DBackpropFilter} from './conv2DBackpropFilter.ts';
import {conv2DBackpropInput} from './conv2DBackpropInput.ts';
import {depthwiseConv2dNativeBackpropFilter} from './depthwiseConv2dNativeBackpropFilter.ts';
import {depthwiseConv2dNativeBackpropInput} from './depthwiseConv2dNativeBackpropInput.ts';
import {unsortedSegmentSum} from './unsortedSegmentSum.ts';

registerMissing([
  conv2DBackpropFilter,
  depthwiseConv2dNativeBackpropFilter,
  depthwiseConv2dNativeBackpropInput,
  unsortedSegmentSum,
]);

replaceStock('Conv2DBackpropInput', conv2DBackpropInput);
replaceStock('BatchMatMul', batchMatMul);

function replaceStock(kernelName: string, by: (stock: KernelConfig) => KernelConfig): void {
  const stock = getKernel(kernelName, 'wasm');
  if (!stock) return;
  unregisterKernel(stock.kernelName, stock.backendName);
  registerKernel(by(stock));
}
