import type {PackedLayout} from '../../../src/ops/packed/packedOperand.ts';

/** What the text that decodes letters depends on. */
export type LetterForm = Pick<PackedLayout, 'zeros' | 'letterBits' | 'bits' | 'perRun' | 'wordsPerRun'>;

/** Names a form in a `shaderKey`. */
export function letterKey({zeros, letterBits, bits}: LetterForm): string {
  return `${bits}_${letterBits}_${typeof zeros === 'object' ? `${zeros.n}of${zeros.m}` : zeros}`;
}

/** Whether the program reads x four numbers at a time; kept features among pruned ones are read one by one. */
export function readsVectors({zeros}: LetterForm): boolean {
  return typeof zeros !== 'object';
}

/**
 * WGSL: code `i` of a run as u32. Where it lies in the words is known when the text is made, so that decoding costs a shift and a mask.
 * @param word the name of word j of the run
 */
export function codeOf(i: number, {bits}: LetterForm, word: (j: number) => string): string {
  const j = Math.floor((i * bits) / 32);
  const shift = (i * bits) % 32;
  const low = shift === 0 ? word(j) : `(${word(j)} >> ${shift}u)`;
  const code = shift + bits > 32 ? `(${low} | (${word(j + 1)} << ${32 - shift}u))` : low;
  return shift + bits === 32 ? code : `(${code} & ${2 ** bits - 1}u)`;
}

/** WGSL: codes `i … i + 3` of a run as vec4<u32>. */
export function fourCodes(i: number, form: LetterForm, word: (j: number) => string): string {
  const {bits, wordsPerRun} = form;
  const places = [0, 1, 2, 3].map((c) => i + c);
  if (wordsPerRun > 1) return `vec4<u32>(${places.map((place) => codeOf(place, form, word)).join(', ')})`;
  return `((vec4<u32>(${word(0)}) >> vec4<u32>(${places.map((place) => `${place * bits}u`).join(', ')})) & vec4<u32>(${2 ** bits - 1}u))`;
}

/** WGSL: the letter of a code that also says a place. */
export function letterOf(code: string, {letterBits}: LetterForm): string {
  return `(${code} & ${2 ** letterBits - 1}u)`;
}

/** WGSL: code k of a group of a problem, word by word: counterpart of kernelWords. */
export const codeAt = /* wgsl */ `
    fn codeAt(group : i32, k : i32, neuron : i32) -> u32 {
      let bit = u32(k % uniforms.perRun) * uniforms.bits;
      let shift = bit % 32u;
      let word = ((group * uniforms.runs + k / uniforms.perRun) * uniforms.wordsPerRun + i32(bit / 32u)) * uniforms.neurons + neuron;
      var code = bitcast<u32>(codes[word]) >> shift;
      if (shift + uniforms.bits > 32u) { code |= bitcast<u32>(codes[word + uniforms.neurons]) << (32u - shift); }
      return code & ((1u << uniforms.bits) - 1u);
    }`;
