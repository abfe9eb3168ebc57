import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {
  PACKED_DEPTHWISE_CONV2D,
  type PackedConvolutionAttrs,
  type PackedInputs,
} from '../../../src/ops/packed/packedOps.ts';
import {runProgram} from '../program.ts';
import {depthwiseProgram} from './depthwiseProgram.ts';
import {optionalBuffers, packedBuffers} from './packedBuffers.ts';
import {layoutUniforms, windowUniforms} from './packedUniforms.ts';

/** The convolution channel by channel on the device, filters decoded in registers. */
export const packedDepthwiseConv2d = defineKernel<PackedInputs, PackedConvolutionAttrs, WebGPUBackend>({
  kernelName: PACKED_DEPTHWISE_CONV2D,
  backendName: 'webgpu',
  kernelFunc: ({inputs, attrs: {layout, activation, windows}, backend}) => {
    const {outHeight, outWidth, top, left} = windows;
    const [batch, height, width] = inputs.x.shape;
    const outputs = layout.problems * layout.neurons;
    const output = backend.makeTensorInfo([batch, outHeight, outWidth, outputs], 'float32');
    const size = batch * outHeight * outWidth * outputs;
    runProgram(backend, depthwiseProgram({...optionalBuffers(inputs), zeros: layout.zeros, activation}), {
      inputs: packedBuffers(inputs),
      uniforms: {...layoutUniforms(layout), ...windowUniforms(windows), size, height, width, top, left},
      invocations: size,
      output,
    });
    return output;
  },
});
