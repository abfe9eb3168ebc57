import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {PACKED_GATHER, type PackedGatherAttrs, type PackedInputs} from '../../../src/ops/packed/packedOps.ts';
import {runProgram} from '../program.ts';
import {packedRows} from './rowsProgram.ts';

/** Looks rows up on the device, and decodes no others. */
export const packedGather = defineKernel<PackedInputs, PackedGatherAttrs, WebGPUBackend>({
  kernelName: PACKED_GATHER,
  backendName: 'webgpu',
  kernelFunc: ({inputs: {x, codes, steps, offsets}, attrs: {layout, rows}, backend}) => {
    const {features, neurons, groupSize, groups, runs, perRun, wordsPerRun, bits, levels, origin} = layout;
    const output = backend.makeTensorInfo([x.shape[0], neurons], 'float32');
    const size = x.shape[0] * neurons;
    runProgram(backend, packedRows({letters: layout, offsets: offsets !== undefined, places: x.dtype}), {
      // An input that is missing is none of the program's.
      inputs: {places: x, codes, steps, offsets: offsets ?? steps},
      uniforms: {size, rows, features, neurons, groupSize, groups, runs, perRun, wordsPerRun, bits, levels, origin},
      invocations: size,
      output,
    });
    return output;
  },
});
