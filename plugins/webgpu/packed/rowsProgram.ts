import type {PackedLayout} from '../../../src/ops/packed/packedOperand.ts';
import type {Program, UniformTypes} from '../program.ts';
import {joinWgsl} from '../wgslText.ts';
import {boundBuffers, type OptionalBuffers, type PackedBuffer} from './packedBuffers.ts';
import {codeAt, letterFunctions, zerosKey} from './packedLetters.ts';
import {groupSum} from './packedSums.ts';
import {LAYOUT_UNIFORMS} from './packedUniforms.ts';

/** What the text of {@link rowsProgram} depends on. */
export interface RowsForm extends OptionalBuffers {
  readonly zeros: PackedLayout['zeros'];
  /** The type of the row numbers in `x`. */
  readonly dtype: string;
}

const UNIFORMS = {...LAYOUT_UNIFORMS, size: 'i32', rows: 'i32'} satisfies UniformTypes;

/**
 * Rows of packed matrices that follow each other, one invocation for each number of the result `[count, neurons]`; 0
 * for a row that does not exist. `x` holds the number of each row.
 */
export function rowsProgram(form: RowsForm): Program<PackedBuffer, keyof typeof UNIFORMS> {
  const {zeros, offsets, dtype} = form;
  const inputs = boundBuffers(form);
  return {
    shaderKey: ['packedRows', zerosKey(zeros), ...inputs, dtype].join('_'),
    inputs,
    uniforms: UNIFORMS,
    code: joinWgsl(letterFunctions(zeros), codeAt, groupSum(offsets), main),
  };
}

const main = /* wgsl */ `
  fn main(index : i32) {
    if (index >= uniforms.size) { return; }
    let row = i32(x[index / uniforms.neurons]);
    var value = 0.0;
    if (row >= 0 && row < uniforms.rows) { value = weightAt(row, index % uniforms.neurons); }
    result[index] = value;
  }

  // One of the KEPT codes of a feature's span is its own, or none, if it is pruned.
  fn weightAt(row : i32, neuron : i32) -> f32 {
    let t = row % uniforms.features;
    let group = row / uniforms.features * uniforms.groups + t / uniforms.groupSize;
    let inGroup = t % uniforms.groupSize;
    let first = inGroup / SPAN * KEPT;
    for (var k = first; k < first + KEPT; k++) {
      let code = codeAt(group, k, neuron);
      let letter = letterOf(code);
      if (positionOf(code) != inGroup % SPAN || isSentinel(letter)) { continue; }
      return groupSum(f32(letter) + uniforms.origin, 1.0, group * uniforms.neurons + neuron);
    }
    return 0.0;
  }`;
