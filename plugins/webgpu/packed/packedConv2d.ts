import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {PACKED_CONV2D, type PackedConvolutionAttrs, type PackedInputs} from '../../../src/ops/packed/packedOps.ts';
import {runProduct} from './productRun.ts';

/**
 * act(conv(x, Q) + bias) on the device: a product whose rows are windows, which are read in place where the channels
 * of a pixel fill runs of codes.
 */
export const packedConv2d = defineKernel<PackedInputs, PackedConvolutionAttrs, WebGPUBackend>({
  kernelName: PACKED_CONV2D,
  backendName: 'webgpu',
  kernelFunc: ({inputs, attrs, backend}) => {
    const {windows, layout} = attrs;
    const [batch, height, width, channels] = inputs.x.shape;
    const output = backend.makeTensorInfo([batch, windows.outHeight, windows.outWidth, layout.neurons], 'float32');
    runProduct({backend, inputs, attrs, output}, {...windows, x: inputs.x, batch, height, width, channels});
    return output;
  },
});
