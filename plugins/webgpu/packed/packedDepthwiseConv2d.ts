import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {
  PACKED_DEPTHWISE_CONV2D,
  type PackedConvolutionAttrs,
  type PackedInputs,
} from '../../../src/ops/packed/packedOps.ts';
import {runProgram} from '../program.ts';
import {packedDepthwise} from './depthwiseProgram.ts';
import {windowUniforms} from './productRun.ts';

/** The convolution channel by channel on the device, filters decoded in registers. */
export const packedDepthwiseConv2d = defineKernel<PackedInputs, PackedConvolutionAttrs, WebGPUBackend>({
  kernelName: PACKED_DEPTHWISE_CONV2D,
  backendName: 'webgpu',
  kernelFunc: ({inputs: {x, codes, steps, offsets, bias}, attrs: {layout, activation, windows}, backend}) => {
    const {outHeight, outWidth, top, left} = windows;
    const [batch, height, width] = x.shape;
    const {problems, features, neurons, groupSize, groups, runs, perRun, wordsPerRun, bits, levels, origin} = layout;
    const output = backend.makeTensorInfo([batch, outHeight, outWidth, problems * neurons], 'float32');
    const size = batch * outHeight * outWidth * problems * neurons;
    runProgram(
      backend,
      packedDepthwise({letters: layout, offsets: offsets !== undefined, bias: bias !== undefined, activation}),
      {
        // An input that is missing is none of the program's.
        inputs: {x, codes, steps, offsets: offsets ?? steps, bias: bias ?? steps},
        uniforms: {
          size,
          problems,
          features,
          neurons,
          groupSize,
          groups,
          runs,
          perRun,
          wordsPerRun,
          bits,
          levels,
          origin,
          height,
          width,
          outHeight,
          outWidth,
          ...windowUniforms(windows),
          top,
          left,
        },
        invocations: size,
        output,
      },
    );
    return output;
  },
});
