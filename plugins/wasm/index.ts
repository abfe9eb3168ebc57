/**
 * Trains convolutional and recurrent networks on tfjs's 'wasm' backend: registers the four gradient kernels that it lacks, and replaces a slow one.
 * Importing it is its effect.
 *
 * ```ts
 * import 'tfjs-compress/plugins/wasm';
 * await tf.setBackend('wasm');
 * await model.fit(x, y);
 * ```
 * @module tfjs-compress/plugins/wasm
 */
import {getKernel, registerKernel, unregisterKernel} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm'; // its own kernels first: one of them is replaced
import {registerMissing} from '../../src/ops/kernel.ts';
import {conv2DBackpropFilter} from './conv2DBackpropFilter.ts';
import {conv2DBackpropInput} from './conv2DBackpropInput.ts';
import {depthwiseConv2dNativeBackpropFilter} from './depthwiseConv2dNativeBackpropFilter.ts';
import {depthwiseConv2dNativeBackpropInput} from './depthwiseConv2dNativeBackpropInput.ts';
import {unsortedSegmentSum} from './unsortedSegmentSum.ts';

registerMissing([conv2DBackpropFilter, depthwiseConv2dNativeBackpropFilter, depthwiseConv2dNativeBackpropInput, unsortedSegmentSum]);

const stock = getKernel('Conv2DBackpropInput', 'wasm');
if (stock) {
  unregisterKernel(stock.kernelName, stock.backendName);
  registerKernel(conv2DBackpropInput(stock));
}
