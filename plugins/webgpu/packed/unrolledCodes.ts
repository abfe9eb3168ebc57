import type {LetterForm} from './packedLetters.ts';

/**
 * WGSL: code `i` of a run as u32. Which bits of which words it has is known when the text is made, so that decoding
 * costs a shift and a mask; `codeAt` finds the same bits at run time.
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
  const four = [i, i + 1, i + 2, i + 3];
  if (wordsPerRun > 1) return `vec4<u32>(${four.map((k) => codeOf(k, form, word)).join(', ')})`;
  const shifts = four.map((k) => `${k * bits}u`).join(', ');
  return `((vec4<u32>(${word(0)}) >> vec4<u32>(${shifts})) & vec4<u32>(${2 ** bits - 1}u))`;
}

/** WGSL: the letter of a code that also has a position. */
export function letterOf(code: string, {letterBits}: LetterForm): string {
  return `(${code} & ${2 ** letterBits - 1}u)`;
}
