import type {PackedLayout} from '../../../src/ops/packed/packedOperand.ts';
import type {FusedActivation} from '../../../src/ops/packed/packedOps.ts';
import type {Program, UniformTypes} from '../program.ts';
import {joinWgsl} from '../wgslText.ts';
import {boundBuffers, type OptionalBuffers, type PackedBuffer} from './packedBuffers.ts';
import {codeAt, letterFunctions, zerosKey} from './packedLetters.ts';
import {epilogue, groupSum} from './packedSums.ts';
import {LAYOUT_UNIFORMS, WINDOW_UNIFORMS} from './packedUniforms.ts';

/** What the text of {@link depthwiseProgram} depends on. */
export interface DepthwiseForm extends OptionalBuffers {
  readonly zeros: PackedLayout['zeros'];
  readonly activation: FusedActivation;
}

const UNIFORMS = {
  ...LAYOUT_UNIFORMS,
  ...WINDOW_UNIFORMS,
  size: 'i32',
  height: 'i32',
  width: 'i32',
  top: 'i32',
  left: 'i32',
} satisfies UniformTypes;

/**
 * Each channel's windows times its own packed filters, one invocation for each number of the result
 * `[batch, outHeight, outWidth, channels · neurons]`. Windows are small: words are decoded code by code.
 */
export function depthwiseProgram(form: DepthwiseForm): Program<PackedBuffer, keyof typeof UNIFORMS> {
  const {zeros, offsets, bias, activation} = form;
  const inputs = boundBuffers(form);
  return {
    shaderKey: ['packedDepthwise', zerosKey(zeros), ...inputs, activation].join('_'),
    inputs,
    uniforms: UNIFORMS,
    code: joinWgsl(letterFunctions(zeros), codeAt, groupSum(offsets), epilogue(bias, activation), main),
  };
}

const main = /* wgsl */ `
  fn main(index : i32) {
    if (index >= uniforms.size) { return; }
    let outputs = uniforms.problems * uniforms.neurons;
    let output = index % outputs;
    let pixel = index / outputs;
    var total = 0.0;
    for (var group = 0; group < uniforms.groups; group++) {
      total += groupOfWindow(pixel, output / uniforms.neurons, group, output % uniforms.neurons);
    }
    result[index] = epilogue(total, output);
  }

  // What one group of a filter adds to the output of a pixel. Taps in the padding add nothing.
  fn groupOfWindow(pixel : i32, channel : i32, group : i32, neuron : i32) -> f32 {
    let image = pixel / (uniforms.outHeight * uniforms.outWidth);
    let top = (pixel / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY - uniforms.top;
    let left = (pixel % uniforms.outWidth) * uniforms.strideX - uniforms.left;
    let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
    let groupOfAll = channel * uniforms.groups + group;
    var sum = 0.0;
    var plain = 0.0;
    for (var k = 0; k < size / SPAN * KEPT; k++) {
      let code = codeAt(groupOfAll, k, neuron);
      let letter = letterOf(code);
      if (isSentinel(letter)) { continue; }
      let tap = group * uniforms.groupSize + k / KEPT * SPAN + positionOf(code);
      let y = top + (tap / uniforms.kernelWidth) * uniforms.dilationY;
      let x0 = left + (tap % uniforms.kernelWidth) * uniforms.dilationX;
      if (y < 0 || y >= uniforms.height || x0 < 0 || x0 >= uniforms.width) { continue; }
      let value = x[((image * uniforms.height + y) * uniforms.width + x0) * uniforms.problems + channel];
      sum += value * (f32(letter) + uniforms.origin);
      plain += value;
    }
    return groupSum(sum, plain, groupOfAll * uniforms.neurons + neuron);
  }`;
