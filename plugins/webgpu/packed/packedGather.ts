import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {PACKED_GATHER, type PackedGatherAttrs, type PackedInputs} from '../../../src/ops/packed/packedOps.ts';
import {runProgram} from '../program.ts';
import {optionalBuffers, packedBuffers} from './packedBuffers.ts';
import {layoutUniforms} from './packedUniforms.ts';
import {rowsProgram} from './rowsProgram.ts';

/** Looks rows up on the device, and decodes no others. */
export const packedGather = defineKernel<PackedInputs, PackedGatherAttrs, WebGPUBackend>({
  kernelName: PACKED_GATHER,
  backendName: 'webgpu',
  kernelFunc: ({inputs, attrs: {layout, rows}, backend}) => {
    const [count] = inputs.x.shape;
    const output = backend.makeTensorInfo([count, layout.neurons], 'float32');
    const size = count * layout.neurons;
    runProgram(backend, rowsProgram({...optionalBuffers(inputs), zeros: layout.zeros, dtype: inputs.x.dtype}), {
      inputs: packedBuffers(inputs),
      uniforms: {...layoutUniforms(layout), size, rows},
      invocations: size,
      output,
    });
    return output;
  },
});
