import type {Mask, NofM} from '../linalg/mask.ts';
import {packLevels, unpackLevels, wordCountFor} from './levels.ts';

/**
 * How a mask is stored: as a plane of one bit per weight, or, if n of every m neighbouring features of a neuron are
 * kept, as the number of the kept subset.
 */
export type MaskForm = 'plane' | NofM;

/** The extent of a mask `[features, neurons]`; several masks of the same extent may follow each other. */
export interface MaskExtent {
  /** Rows; runs go down them. */
  readonly features: number;
  /** Columns. */
  readonly neurons: number;
}

/** Run lengths m for which subsets are numbered. */
const RUNS = [2, 4, 8, 16];

/** The form in which a mask takes the fewest words. */
export function smallestForm(mask: Mask, extent: MaskExtent): MaskForm {
  return smallestOf(mask.length, (m) => keptOfEvery(m, mask, extent));
}

/**
 * The form in which masks of a pattern take the fewest words: n of every m neighbouring features are kept.
 * A mask may by chance fit a shorter one.
 */
export function smallestFormOf(weights: number, features: number, {n, m}: NofM): MaskForm {
  return smallestOf(weights, (run) => (run % m === 0 && features % run === 0 ? n * (run / m) : undefined));
}

function smallestOf(weights: number, keptOf: (m: number) => number | undefined): MaskForm {
  let smallest: MaskForm = 'plane';
  for (const m of RUNS) {
    const n = keptOf(m);
    if (n === undefined) continue;
    const form = {n, m};
    if (maskWordCount(weights, form) < maskWordCount(weights, smallest)) smallest = form;
  }
  return smallest;
}

/** How many of every m neighbouring features are kept, if that number is the same everywhere. */
function keptOfEvery(m: number, mask: Mask, extent: MaskExtent): number | undefined {
  if (extent.features % m !== 0) return undefined;
  let kept: number | undefined;
  for (let run = 0; run < mask.length / m; run++) {
    const count = bitCount(runOf(mask, run, m, extent.neurons));
    if (kept !== undefined && kept !== count) return undefined;
    kept = count;
  }
  return kept;
}

/** The number of words that the mask of a given number of weights takes. */
export function maskWordCount(weights: number, form: MaskForm): number {
  if (form === 'plane') return wordCountFor(weights, 2);
  const levels = subsetsOf(form).length;
  return levels === 1 ? 0 : wordCountFor(weights / form.m, levels); // with one subset there is nothing to tell apart
}

/** A mask as words. */
export function packMask(mask: Mask, form: MaskForm, {neurons}: MaskExtent): Uint32Array {
  if (form === 'plane') return packLevels(mask, 2);
  const subsets = subsetsOf(form);
  if (subsets.length === 1) return new Uint32Array(0);
  const numbers = new Map(subsets.map((subset, number) => [subset, number]));
  return packLevels(
    Array.from({length: mask.length / form.m}, (_, run) => numbers.get(runOf(mask, run, form.m, neurons)) ?? NaN),
    subsets.length,
  );
}

/**
 * The mask that {@link packMask} packed.
 * @param weights how many entries it has
 * @throws RangeError if the words are not those of such a mask
 */
export function unpackMask(words: Uint32Array, form: MaskForm, weights: number, {neurons}: MaskExtent): Mask {
  if (form === 'plane') return Uint8Array.from(unpackLevels(words, 2, weights));
  const subsets = subsetsOf(form);
  const runs = weights / form.m;
  if (words.length !== maskWordCount(weights, form))
    throw new RangeError(`expected ${maskWordCount(weights, form)} words for ${runs} runs, got ${words.length}`);
  const numbers = subsets.length === 1 ? new Uint16Array(runs) : unpackLevels(words, subsets.length, runs);
  const mask = new Uint8Array(weights);
  numbers.forEach((number, run) => {
    for (let k = 0; k < form.m; k++) mask[maskIndex(run, k, form.m, neurons)] = (subsets[number] >>> k) & 1;
  });
  return mask;
}

/** The kept entries of a run as the bits of a number. */
function runOf(mask: Mask, run: number, m: number, neurons: number): number {
  let bits = 0;
  for (let k = 0; k < m; k++) bits |= mask[maskIndex(run, k, m, neurons)] << k;
  return bits;
}

/** The index of entry k of a run: runs go through the neurons first, then down the features. */
function maskIndex(run: number, k: number, m: number, neurons: number): number {
  return (Math.floor(run / neurons) * m + k) * neurons + (run % neurons);
}

/** All subsets of n of m places as bits, ascending. */
function subsetsOf({n, m}: NofM): number[] {
  return Array.from({length: 2 ** m}, (_, bits) => bits).filter((bits) => bitCount(bits) === n);
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>>= 1) count += rest & 1;
  return count;
}
