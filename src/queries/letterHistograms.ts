import {integer, type OptionRules, resolveOptions} from '../options.ts';
import {countLetters, type LetterHistogram} from '../stages/measure/countLetters.ts';
import type {Compression} from '../stages/run/compression.ts';

/** Options of {@link letterHistograms}. */
export interface LetterHistogramOptions {
  /** The largest number of bins of a layer, from 8 up. Default 96. */
  readonly bins?: number;
}

const RULES: OptionRules<Required<LetterHistogramOptions>> = {bins: integer(96, 8, 4096)};

/**
 * Counts the weights of every compressed layer, as they were and as they became. Only one layer at a time is read.
 *
 * Weights whose letters share one step are counted as they are; where steps or offsets differ, each is counted in steps
 * of its own letters, (w − offset) / step, so that the letters of all neurons coincide.
 *
 * ```ts
 * const [{bins, letters, prunedShare}] = await letterHistograms(compression, {bins: 32});
 * ```
 * @param compression the result of any pipeline, packed or not; it is not changed
 * @returns one histogram for each of its layers, in their order
 * @throws OptionError, ModelError if the model or its original was disposed of
 */
export async function letterHistograms(
  compression: Compression,
  options: LetterHistogramOptions = {},
): Promise<readonly LetterHistogram[]> {
  const {bins} = resolveOptions<Required<LetterHistogramOptions>>('letterHistograms', options, RULES);
  return countLetters(compression, bins);
}
