import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {engine, reshape, slice, type Tensor, type TensorInfo, tidy} from '@tensorflow/tfjs-core';
import {type Block, BLOCK_FEATURES, blocksOf} from '../../../src/numerics/linalg/blocks.ts';
import {operators} from '../../../src/numerics/stochastic/index.ts';
import {FOLLOW_PATH, type FollowPathAttrs, type FollowPathInputs} from '../../../src/ops/followPath.ts';
import {defineKernel} from '../../../src/ops/kernel.ts';
import {runProgram} from '../program.ts';
import {carriedDrift, carriedDriftInvocations} from './carriedDrift.ts';
import {maskedPathBlock, pathBlock} from './pathBlock.ts';
import {PATH_PLANES} from './pathState.ts';

/**
 * Path following on the device, left-looking: for each block of 128 features a matrix product first adds up the
 * errors of all earlier blocks, then one invocation per neuron goes through the features of the block.
 *
 * Codes are those of the float64 reference, except where an argument is nearer to a tie than float32 can tell: there
 * one letter may differ, and the rest of that neuron's path then rightly differs too.
 */
export const followPath = defineKernel<FollowPathInputs, FollowPathAttrs, WebGPUBackend>({
  kernelName: FOLLOW_PATH,
  backendName: 'webgpu',
  kernelFunc: ({inputs, attrs, backend}) =>
    tidy(() => {
      const [features, neurons] = inputs.aligned.shape;
      const pathState = engine().makeTensorFromTensorInfo(backend.makeTensorInfo([3, features, neurons], 'float32'));
      for (const block of blocksOf(features, BLOCK_FEATURES)) followBlock(backend, inputs, attrs, block, pathState);
      return [planeOf(pathState, PATH_PLANES.code), planeOf(pathState, PATH_PLANES.drift)];
    }),
});

function followBlock(
  backend: WebGPUBackend,
  inputs: FollowPathInputs,
  attrs: FollowPathAttrs,
  {first, last}: Block,
  pathState: TensorInfo,
): void {
  const {
    alphabet: {lowest, highest, shift},
    groupSize,
    threshold,
    key: [key0, key1],
    layer,
    firstNeuron,
    path,
  } = attrs;
  const {mask, ...buffers} = inputs;
  const [features, neurons] = inputs.aligned.shape;
  const extent = {features, neurons, first, last};
  runProgram(backend, carriedDrift, {
    inputs: {feedback: inputs.feedback},
    uniforms: extent,
    invocations: carriedDriftInvocations(last - first, neurons),
    output: pathState,
  });
  const operator = operators[attrs.kind][attrs.rounding];
  const uniforms = {...extent, groupSize, lowest, highest, shift, threshold, key0, key1, layer, firstNeuron, path};
  const run = {uniforms, invocations: neurons, output: pathState};
  if (mask) runProgram(backend, maskedPathBlock(operator), {inputs: {...buffers, mask}, ...run});
  else runProgram(backend, pathBlock(operator), {inputs: buffers, ...run});
}

function planeOf(pathState: Tensor, plane: number): Tensor {
  const [, features, neurons] = pathState.shape;
  return reshape(slice(pathState, [plane, 0, 0], [1, features, neurons]), [features, neurons]);
}
