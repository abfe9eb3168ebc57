import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {PACKED_MATMUL, type PackedAttrs, type PackedInputs} from '../../../src/ops/packed/packedOps.ts';
import {runProduct} from './productRun.ts';

/** act(x Q + bias) on the device, Q decoded in registers. */
export const packedMatMul = defineKernel<PackedInputs, PackedAttrs, WebGPUBackend>({
  kernelName: PACKED_MATMUL,
  backendName: 'webgpu',
  kernelFunc: ({inputs, attrs, backend}) => {
    const [batch, channels] = inputs.x.shape;
    const output = backend.makeTensorInfo([batch, attrs.layout.neurons], 'float32');
    runProduct(
      {backend, inputs, attrs, output},
      {
        x: inputs.x,
        batch,
        channels,
        height: 1,
        width: 1,
        outHeight: 1,
        outWidth: 1,
        top: 0,
        left: 0,
        kernel: [1, 1],
        strides: [1, 1],
        dilations: [1, 1],
      },
    );
    return output;
  },
});
