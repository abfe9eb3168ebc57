import type {Program} from '../program.ts';
import {codeAt, type LetterForm, letterOf} from './packedLetters.ts';

/** What the text of {@link packedRows} depends on. */
export interface RowsForm {
  readonly letters: LetterForm;
  readonly offsets: boolean;
  /** The type of the places. */
  readonly places: string;
}

/** Buffers of {@link packedRows}; those that its form has. */
export type RowsInput = 'places' | 'codes' | 'steps' | 'offsets';

const UNIFORMS = [
  'size',
  'rows',
  'features',
  'neurons',
  'groupSize',
  'groups',
  'runs',
  'perRun',
  'wordsPerRun',
] as const;

/** Numbers of {@link packedRows}. */
export type RowsUniform = (typeof UNIFORMS)[number] | 'levels' | 'bits' | 'origin';

/** Rows of packed matrices, one invocation for each number of the result `[count, neurons]`; 0 for a row that is not there. */
export function packedRows({letters, offsets, places}: RowsForm): Program<RowsInput, RowsUniform> {
  const {zeros, letterBits} = letters;
  const inputs: RowsInput[] = ['places', 'codes', 'steps', ...(offsets ? (['offsets'] as const) : [])];
  const isPattern = typeof zeros === 'object';
  return {
    shaderKey: ['packedRows', isPattern ? `${zeros.n}of${zeros.m}_${letterBits}` : zeros, ...inputs, places].join('_'),
    inputs,
    uniforms: {i32: UNIFORMS, u32: ['levels', 'bits'], f32: ['origin']},
    code: /* wgsl */ `
    fn main(index : i32) {
      if (index >= uniforms.size) { return; }
      let neuron = index % uniforms.neurons;
      let place = i32(places[index / uniforms.neurons]);
      var value = 0.0;
      if (place >= 0 && place < uniforms.rows) {
        let t = place % uniforms.features;
        let group = place / uniforms.features * uniforms.groups + t / uniforms.groupSize;
        let inGroup = t % uniforms.groupSize;
        for (var k = ${isPattern ? `inGroup / ${zeros.m} * ${zeros.n}` : 'inGroup'}; k < ${isPattern ? `(inGroup / ${zeros.m} + 1) * ${zeros.n}` : 'inGroup + 1'}; k++) {
          let code = codeAt(group, k, neuron);
          ${isPattern ? `if (i32(code >> ${letterBits}u) != inGroup % ${zeros.m}) { continue; }` : ''}
          ${zeros === 'sentinel' ? 'if (code == uniforms.levels) { continue; }' : ''}
          let cell = group * uniforms.neurons + neuron;
          value = steps[cell] * (f32(${isPattern ? letterOf('code', letters) : 'code'}) + uniforms.origin)${offsets ? ' + offsets[cell]' : ''};
        }
      }
      result[index] = value;
    }
    ${codeAt}`,
  };
}
