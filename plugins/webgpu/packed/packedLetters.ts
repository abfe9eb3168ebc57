import type {PackedLayout} from '../../../src/ops/packed/packedOperand.ts';

/** What the text that decodes letters depends on. */
export type LetterForm = Pick<PackedLayout, 'zeros' | 'letterBits' | 'bits' | 'perRun' | 'wordsPerRun'>;

/** How pruned weights are stored, as part of a `shaderKey`. */
export function zerosKey(zeros: PackedLayout['zeros']): string {
  return typeof zeros === 'object' ? `${zeros.n}of${zeros.m}` : zeros;
}

/**
 * WGSL: code k of a group of a neuron, read from the words that `kernelWords` lays out, here with b = 4 bits and 8
 * codes in a run of one word (docs/format.md draws the others):
 *
 *     bit 31   28 27   24            8 7    4 3    0
 *       [  c7    |  c6   | …          |  c1  |  c0   ]      codes[run, neuron],  run = group · runs + ⌊k / perRun⌋
 *
 * A code that begins in one word and ends in the next takes its upper bits from there.
 */
export const codeAt = /* wgsl */ `
  fn codeAt(group : i32, k : i32, neuron : i32) -> u32 {
    let run = group * uniforms.runs + k / uniforms.perRun;
    let bit = u32(k % uniforms.perRun) * uniforms.bits;
    let shift = bit % 32u;
    let word = (run * uniforms.wordsPerRun + i32(bit / 32u)) * uniforms.neurons + neuron;
    var code = bitcast<u32>(codes[word]) >> shift;
    if (shift + uniforms.bits > 32u) { code |= bitcast<u32>(codes[word + uniforms.neurons]) << (32u - shift); }
    return code & ((1u << uniforms.bits) - 1u);
  }`;

/**
 * WGSL: what a code contains. With n of m the KEPT codes of every SPAN features follow each other, and above the bits
 * of its letter each has its position among them; without, every feature has a code, which is its letter.
 */
export function letterFunctions(zeros: PackedLayout['zeros']): string {
  const {n, m} = typeof zeros === 'object' ? zeros : {n: 1, m: 1};
  return /* wgsl */ `
  const KEPT = ${n};
  const SPAN = ${m};
  const HAS_SENTINEL = ${zeros === 'sentinel'};

  fn letterOf(code : u32) -> u32 { return code & ((1u << uniforms.letterBits) - 1u); }

  fn positionOf(code : u32) -> i32 { return i32(code >> uniforms.letterBits); }

  // Whether a letter stands for a pruned weight, which has neither step nor offset.
  fn isSentinel(letter : u32) -> bool { return HAS_SENTINEL && letter == uniforms.levels; }`;
}
