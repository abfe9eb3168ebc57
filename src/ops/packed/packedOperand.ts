import {dispose, keep, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {codesWithPositions, kernelWords} from '../../numerics/coding/kernelWords.ts';
import type {PackedLetters, Packing, UnpackedMatrices} from '../../numerics/coding/packing.ts';
import type {NofM} from '../../numerics/linalg/mask.ts';

/** How packed weights lie in the tensors of a {@link PackedOperand}; its kernels read them by it. */
export interface PackedLayout {
  /** How many weight matrices: one, or one for each channel. */
  readonly problems: number;
  readonly features: number;
  readonly neurons: number;
  /** Letters of the alphabet, and what the lowest is in steps: weight = step · (letter + origin) + offset. */
  readonly levels: number;
  readonly origin: number;
  /** Features that share a step, and how many groups there are of them. */
  readonly groupSize: number;
  readonly groups: number;
  /**
   * Pruned weights: `'none'`, or as letters (a 0 in an alphabet with 0); `'sentinel'`: the letter `levels` stands for a
   * 0 that has neither step nor offset; n of m: only kept weights have codes, each with its place among the m features
   * above the bits of its letter.
   */
  readonly zeros: 'none' | 'sentinel' | NofM;
  /** Bits of the letter in a code. */
  readonly letterBits: number;
  /** Bits of a code, and how codes fill words: see `kernelWords`. */
  readonly bits: number;
  readonly perRun: number;
  readonly wordsPerRun: number;
  /** Runs of one group. */
  readonly runs: number;
}

/** Packed weights as kernels read them: codes in words, never moved by another op. */
export interface PackedOperand {
  readonly layout: PackedLayout;
  /** int32 `[problems · groups · runs · wordsPerRun, neurons]`. */
  readonly codes: Tensor;
  /** float32 `[problems · groups, neurons]`. */
  readonly steps: Tensor;
  readonly offsets: Tensor | undefined;
  dispose(): void;
}

/**
 * Packed matrices as an operand on the active backend; it survives `tidy`.
 * @throws RangeError if they have no letters
 */
export function packedOperand(
  {problems, features, neurons, letters, zeros}: Packing,
  matrices: UnpackedMatrices,
): PackedOperand {
  const {codes, steps, offsets, mask} = matrices;
  if (!letters || !codes || !steps) throw new RangeError('packedOperand: expected letters, got weights in float32');
  const groupSize = Math.min(letters.groupSize, features);
  const groups = Math.ceil(features / groupSize);
  const coded = codeMatrices(codes, mask, letters, patternFor(zeros, features, groupSize), neurons);
  const keptShare = typeof coded.zeros === 'object' ? coded.zeros.n / coded.zeros.m : 1;
  const extent = {rows: features * keptShare, groupRows: groupSize * keptShare, neurons};
  const {words, ...runs} = kernelWords(coded.codes, coded.bits, extent);
  const tensors = [tensor(words, [words.length / neurons, neurons], 'int32')];
  for (const scale of offsets ? [steps, offsets] : [steps]) tensors.push(tensor(scale, [problems * groups, neurons]));
  tensors.forEach(keep);
  const {levels, origin} = letters;
  const {zeros: zeroForm, letterBits} = coded;
  return {
    layout: {problems, features, neurons, levels, origin, groupSize, groups, zeros: zeroForm, letterBits, ...runs},
    codes: tensors[0],
    steps: tensors[1],
    offsets: offsets && tensors[2],
    dispose: () => {
      dispose(tensors);
    },
  };
}

/** n of m, if m divides both the features and the groups that share a step. */
function patternFor(zeros: Packing['zeros'], features: number, groupSize: number): NofM | undefined {
  return typeof zeros === 'object' && features % zeros.m === 0 && groupSize % zeros.m === 0 ? zeros : undefined;
}

type CodedZeros = Pick<PackedLayout, 'zeros' | 'letterBits' | 'bits'> & {readonly codes: ArrayLike<number>};

function codeMatrices(
  codes: Uint8Array,
  mask: Uint8Array | undefined,
  {levels, origin, offsets}: PackedLetters,
  pattern: NofM | undefined,
  neurons: number,
): CodedZeros {
  const bits = bitsFor(levels);
  if (!mask) return {codes, zeros: 'none', letterBits: bits, bits};
  if (pattern && pattern.n > 0)
    return {
      codes: codesWithPositions(codes, mask, bits, pattern, neurons),
      zeros: pattern,
      letterBits: bits,
      bits: bits + bitsFor(pattern.m),
    };
  const zero = !offsets && Number.isInteger(origin) && origin <= 0 && -origin < levels ? -origin : undefined;
  const coded = Uint16Array.from(codes, (code, i) => (mask[i] === 1 ? code : (zero ?? levels)));
  const letterBits = zero === undefined ? bitsFor(levels + 1) : bits;
  return {codes: coded, zeros: zero === undefined ? 'sentinel' : 'none', letterBits, bits: letterBits};
}

function bitsFor(levels: number): number {
  return Math.max(1, Math.ceil(Math.log2(levels)));
}
