import type {FusedActivation} from '../../../src/ops/packed/packedOps.ts';
import type {Program} from '../program.ts';
import {codeAt, type LetterForm, letterOf} from './packedLetters.ts';
import {activationCode} from './productProgram.ts';

/** What the text of {@link packedDepthwise} depends on. */
export interface DepthwiseForm {
  readonly letters: LetterForm;
  readonly offsets: boolean;
  readonly bias: boolean;
  readonly activation: FusedActivation;
}

/** Buffers of {@link packedDepthwise}; those that its form has. */
export type DepthwiseInput = 'x' | 'codes' | 'steps' | 'offsets' | 'bias';

const UNIFORMS = [
  'size',
  'problems',
  'features',
  'neurons',
  'groupSize',
  'groups',
  'runs',
  'perRun',
  'wordsPerRun',
  'height',
  'width',
  'outHeight',
  'outWidth',
  'kernelWidth',
  'strideY',
  'strideX',
  'dilationY',
  'dilationX',
  'top',
  'left',
] as const;

/** Numbers of {@link packedDepthwise}. */
export type DepthwiseUniform = (typeof UNIFORMS)[number] | 'levels' | 'bits' | 'origin';

/**
 * Each channel's windows times its own packed filters, one invocation for each number of the result
 * `[batch, outHeight, outWidth, channels · neurons]`. Windows are small: words are decoded code by code.
 */
export function packedDepthwise({
  letters,
  offsets,
  bias,
  activation,
}: DepthwiseForm): Program<DepthwiseInput, DepthwiseUniform> {
  const {zeros, letterBits} = letters;
  const inputs: DepthwiseInput[] = [
    'x',
    'codes',
    'steps',
    ...(offsets ? (['offsets'] as const) : []),
    ...(bias ? (['bias'] as const) : []),
  ];
  const zerosKey = typeof zeros === 'object' ? `${zeros.n}of${zeros.m}_${letterBits}` : zeros;
  return {
    shaderKey: ['packedDepthwise', zerosKey, ...inputs, activation].join('_'),
    inputs,
    uniforms: {i32: UNIFORMS, u32: ['levels', 'bits'], f32: ['origin']},
    code: /* wgsl */ `
    fn main(index : i32) {
      if (index >= uniforms.size) { return; }
      let outputs = uniforms.problems * uniforms.neurons;
      let output = index % outputs;
      let pixel = index / outputs;
      let channel = output / uniforms.neurons;
      let neuron = output % uniforms.neurons;
      let image = pixel / (uniforms.outHeight * uniforms.outWidth);
      let y = (pixel / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY - uniforms.top;
      let x0 = (pixel % uniforms.outWidth) * uniforms.strideX - uniforms.left;
      var total = 0.0;
      for (var group = 0; group < uniforms.groups; group++) {
        let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
        let kept = ${typeof zeros === 'object' ? `size / ${zeros.m} * ${zeros.n}` : 'size'};
        let cell = channel * uniforms.groups + group;
        var sum = 0.0;
        ${offsets ? 'var plain = 0.0;' : ''}
        for (var k = 0; k < kept; k++) {
          let code = codeAt(cell, k, neuron);
          ${typeof zeros === 'object' ? `let t = k / ${zeros.n} * ${zeros.m} + i32(code >> ${letterBits}u);` : 'let t = k;'}
          ${zeros === 'sentinel' ? 'if (code == uniforms.levels) { continue; }' : ''}
          let tap = group * uniforms.groupSize + t;
          let line = y + (tap / uniforms.kernelWidth) * uniforms.dilationY;
          let column = x0 + (tap % uniforms.kernelWidth) * uniforms.dilationX;
          if (line < 0 || line >= uniforms.height || column < 0 || column >= uniforms.width) { continue; }
          let value = x[((image * uniforms.height + line) * uniforms.width + column) * uniforms.problems + channel];
          sum += value * (f32(${typeof zeros === 'object' ? letterOf('code', letters) : 'code'}) + uniforms.origin);
          ${offsets ? 'plain += value;' : ''}
        }
        total += sum * steps[cell * uniforms.neurons + neuron]${offsets ? ' + plain * offsets[cell * uniforms.neurons + neuron]' : ''};
      }
      result[index] = ${activationCode(activation, `total${bias ? ' + bias[output]' : ''}`)};
    }
    ${codeAt}`,
  };
}
