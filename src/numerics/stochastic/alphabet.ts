/** How the letters lie around zero. */
export type AlphabetLayout = 'symmetric' | 'midrise' | 'twosComplement';

/** Bits per weight; `'ternary'` is log₂ 3. */
export type Bits = 'ternary' | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The size and layout of an alphabet: bits, or the number of letters. */
export interface AlphabetOptions {
  /** 1 to 8, or 'ternary'. b bits give at most 2^b letters. */
  readonly bits?: Bits;
  /** The number of letters instead of bits, 2 to 256. */
  readonly levels?: number;
  /**
   * `'symmetric'`: −k … k with 0, an odd number of letters (2^b − 1). `'midrise'`: half-integers without 0 (2^b).
   * `'twosComplement'`: −2^(b−1) … 2^(b−1) − 1. Default: midrise at 1 and 2 bits and for even `levels`, else symmetric.
   */
  readonly layout?: AlphabetLayout;
  /** The distance of neighbouring letters. Default 1. */
  readonly step?: number;
}

/** The allowed values of a weight: letter = step · (code + shift) for the integer codes lowest … highest. */
export interface Alphabet {
  /** The number of letters. */
  readonly levels: number;
  /** How they lie around zero. */
  readonly layout: AlphabetLayout;
  /** The code of the lowest letter. */
  readonly lowest: number;
  /** The code of the highest letter. */
  readonly highest: number;
  /** ½ for midrise, else 0. */
  readonly shift: number;
  /** The distance of neighbouring letters. */
  readonly step: number;
}

/**
 * An alphabet of equally spaced letters.
 * @throws RangeError if the options name no alphabet: both or neither of bits and levels, or a size that the layout
 *   cannot have
 */
export function uniformAlphabet({bits, levels, layout, step = 1}: AlphabetOptions): Alphabet {
  if ((bits === undefined) === (levels === undefined))
    throw new RangeError('uniformAlphabet: expected either `bits` or `levels`');
  if (!(step >= 0 && step < Infinity))
    throw new RangeError(`uniformAlphabet: expected \`step\` to be a finite number from 0, got ${step}`);
  const letters = bits === undefined ? sizeFromLevels(levels, layout) : sizeFromBits(bits, layout);
  return {...letters, ...codesOf(letters), step};
}

interface Letters {
  readonly levels: number;
  readonly layout: AlphabetLayout;
}

function sizeFromBits(bits: Bits, layout: AlphabetLayout | undefined): Letters {
  if (bits === 'ternary') return sizeFromLevels(3, layout);
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 8)) {
    throw new RangeError(
      `uniformAlphabet: expected \`bits\` to be an integer from 1 to 8 or 'ternary', got ${String(bits)}`,
    );
  }
  const chosen = layout ?? (bits <= 2 ? 'midrise' : 'symmetric');
  return sizeFromLevels(chosen === 'symmetric' ? 2 ** bits - 1 : 2 ** bits, chosen);
}

function sizeFromLevels(levels = 0, layout: AlphabetLayout = levels % 2 === 0 ? 'midrise' : 'symmetric'): Letters {
  if (!(Number.isInteger(levels) && levels >= 2 && levels <= 256)) {
    throw new RangeError(`uniformAlphabet: expected 2 to 256 letters, got ${levels}`);
  }
  if ((layout === 'symmetric') !== (levels % 2 === 1)) {
    throw new RangeError(
      `uniformAlphabet: expected ${layout === 'symmetric' ? 'an odd' : 'an even'} number of letters ` +
        `for the ${layout} layout, got ${levels}`,
    );
  }
  return {levels, layout};
}

function codesOf({levels, layout}: Letters): {lowest: number; highest: number; shift: number} {
  const half = Math.floor(levels / 2);
  return layout === 'symmetric'
    ? {lowest: -half, highest: half, shift: 0}
    : {lowest: -half, highest: half - 1, shift: layout === 'midrise' ? 0.5 : 0};
}

/** The value that a code stands for. */
export function letterOf(code: number, {shift}: Alphabet, step: number): number {
  return step * (code + shift);
}

/** The code of the letter nearest to 0, the positive one of two: a pruned weight is stored as it. */
export function codeOfZero({lowest, highest, shift}: Alphabet): number {
  return Math.min(Math.max(Math.floor(0.5 - shift), lowest), highest);
}

/** All letters, from the lowest. */
export function lettersOf(alphabet: Alphabet): number[] {
  return Array.from({length: alphabet.levels}, (_, i) => letterOf(alphabet.lowest + i, alphabet, alphabet.step));
}

/** log₂ of the number of letters: the information in one weight. */
export function effectiveBits({levels}: Alphabet): number {
  return Math.log2(levels);
}

/** The alphabet of an operator that only prunes: every number is its own letter, with step 1. */
export const reals: Alphabet = {
  levels: Infinity,
  layout: 'symmetric',
  lowest: -Infinity,
  highest: Infinity,
  shift: 0,
  step: 1,
};
