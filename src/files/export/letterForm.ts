import type {QuantizedLayer} from '../../records.ts';
import {findExactCodes} from './exactCodes.ts';
import type {AffineMap, StoredForm} from './storedForm.ts';

/**
 * A kernel whose letters share one step as uint8 codes that tfjs decodes to exactly its weights. code · scale + min
 * with scale = step, min = the lowest letter; with half of the step where pruned weights need a 0 between two letters.
 * @returns undefined if there is more than one step, or no uint8 map gives every weight
 */
export function findLetterForm(
  {alphabet: {lowest, shift}, matrices}: QuantizedLayer,
  kernel: Float32Array,
): StoredForm | undefined {
  const steps = new Set(matrices.flatMap(({scales}) => Array.from(scales.steps)).filter((step) => step > 0));
  if (steps.size > 1) return undefined;
  const [step = 1] = steps;
  const [
    {
      scales: {offsets},
    },
  ] = matrices;
  const min = step * (lowest + shift) + (offsets?.[0] ?? 0);
  return firstExact(kernel, [
    {scale: step, min},
    {scale: step / 2, min},
  ]);
}

/** The form by the first of some maps that gives every weight. */
export function firstExact(kernel: Float32Array, maps: readonly AffineMap[]): StoredForm | undefined {
  for (const map of maps) {
    const form = findExactCodes(kernel, map);
    if (form) return form;
  }
  return undefined;
}
