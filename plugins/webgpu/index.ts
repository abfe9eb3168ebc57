/**
 * Follows paths and runs packed layers on tfjs's 'webgpu' backend: importing this module registers the WGSL kernels
 * of the library's own ops.
 *
 * ```ts
 * import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
 * await requireWebGPU();
 * compress(model).pipe(calibrate(x), spfqQuantize({bits: 2, strictKernels: true})).subscribe(use);
 * ```
 * @module tfjs-compress/plugins/webgpu
 */
import '@tensorflow/tfjs-backend-webgpu';
import {registerMissing} from '../../src/ops/kernel.ts';
import {packedConv2d} from './packed/packedConv2d.ts';
import {packedDepthwiseConv2d} from './packed/packedDepthwiseConv2d.ts';
import {packedGather} from './packed/packedGather.ts';
import {packedMatMul} from './packed/packedMatMul.ts';
import {followPath} from './path/followPath.ts';

registerMissing([followPath, packedMatMul, packedConv2d, packedDepthwiseConv2d, packedGather]);

export {requireWebGPU} from './requireWebGPU.ts';
