import type {Mask} from '../linalg/mask.ts';

/**
 * How codes lie in 32-bit words for a kernel. One neuron's codes follow each other down the features, b bits each, in
 * runs that fill whole words: `perRun` codes in `wordsPerRun` words, least significant first. Neighbouring neurons lie
 * beside each other:
 *
 *     code k of neuron n begins at bit (k mod perRun) · b of the words  [run · wordsPerRun … , n],  run = ⌊k / perRun⌋.
 *
 * Every group of features that share a step begins a new run; the unused rest of its last run is 0. With b = 4 a run is
 * one word of 8 codes, with b = 3 three words of 32, in which codes 10 and 21 cross words (docs/format.md draws both):
 *
 *     bit 31   27   23   19   15   11    7    3  0
 *         | c7 | c6 | c5 | c4 | c3 | c2 | c1 | c0 |
 */
export interface KernelWords {
  /** b: bits of the letter, plus those of the position where only n of every m features are kept. */
  readonly bits: number;
  /** Codes of a run. */
  readonly perRun: number;
  /** Words of a run. */
  readonly wordsPerRun: number;
  /** Runs of one group. */
  readonly runs: number;
  /** `[groups · runs · wordsPerRun, neurons]` of one problem; problems follow each other. */
  readonly words: Int32Array;
}

/** The maximum bits of a code: 8 of the letter, with one more for the sentinel or up to 4 more for a position. */
const MAX_BITS = 12;

/**
 * Codes laid out for a kernel.
 * @param codes `[rows, neurons]`, rows = problems · groups · groupRows (the last group of a problem may be shorter)
 * @param extent rows of one problem, rows of a group
 */
export function kernelWords(
  codes: ArrayLike<number>,
  bits: number,
  {rows, groupRows, neurons}: {readonly rows: number; readonly groupRows: number; readonly neurons: number},
): KernelWords {
  if (!(bits >= 1 && bits <= MAX_BITS))
    throw new RangeError(`kernelWords: expected 1 to ${MAX_BITS} bits, got ${bits}`);
  const {perRun, wordsPerRun} = runOf(bits);
  const problems = rows === 0 || neurons === 0 ? 0 : codes.length / (rows * neurons);
  const groups = Math.ceil(rows / groupRows);
  const runs = Math.ceil(groupRows / perRun);
  const words = new Int32Array(problems * groups * runs * wordsPerRun * neurons);
  for (let i = 0; i < codes.length; i++) {
    const n = i % neurons;
    const row = Math.floor(i / neurons);
    const t = row % rows;
    const k = t % groupRows;
    const run = (Math.floor(row / rows) * groups + Math.floor(t / groupRows)) * runs + Math.floor(k / perRun);
    const bit = (k % perRun) * bits;
    const at = (run * wordsPerRun + (bit >>> 5)) * neurons + n;
    words[at] |= codes[i] << (bit & 31);
    if ((bit & 31) + bits > 32) words[at + neurons] |= codes[i] >>> (32 - (bit & 31));
  }
  return {bits, perRun, wordsPerRun, runs, words};
}

/** The fewest codes that fill whole words. */
function runOf(bits: number): {perRun: number; wordsPerRun: number} {
  let wordsPerRun = 1;
  while ((32 * wordsPerRun) % bits !== 0) wordsPerRun++;
  return {perRun: (32 * wordsPerRun) / bits, wordsPerRun};
}

/**
 * The kept codes of every m features, each with its position among the m above its bits: code | position << bits.
 * @param mask keeps n of every m neighbouring features
 * @returns `[rows · n / m, neurons]`
 */
export function codesWithPositions(
  codes: ArrayLike<number>,
  mask: Mask,
  bits: number,
  {n: kept, m}: {readonly n: number; readonly m: number},
  neurons: number,
): Uint16Array {
  const placed = new Uint16Array((codes.length / m) * kept);
  const runs = codes.length / (neurons * m);
  for (let run = 0; run < runs; run++) {
    for (let n = 0; n < neurons; n++) {
      for (let index = 0, slot = 0; index < m; index++) {
        const i = (run * m + index) * neurons + n;
        if (mask[i] === 1) placed[(run * kept + slot++) * neurons + n] = codes[i] | (index << bits);
      }
    }
  }
  return placed;
}
