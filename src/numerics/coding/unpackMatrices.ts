import {messageOf} from '../../errors.ts';
import type {Mask} from '../linalg/mask.ts';
import {unpackLevels} from './levels.ts';
import {unpackMask} from './masks.ts';
import {type PackedParts, type Packing, type PartName, partsOf, type UnpackedMatrices} from './packing.ts';
import {requirePart} from './requirePart.ts';

/**
 * Reads the matrices of a packing.
 * @throws RangeError that begins with the name of the array that does not fit the packing: it is too long or short, or
 *   has a code outside the alphabet, a number that is not finite, a negative step, or another number of kept weights
 */
export function unpackMatrices(packing: Packing, parts: PackedParts): UnpackedMatrices {
  for (const spec of partsOf(packing)) requirePart(spec, parts[spec.name]);
  const {problems, features, neurons, letters, zeros, kept} = packing;
  const weights = problems * features * neurons;
  const mask =
    zeros === undefined
      ? undefined
      : withPartName('mask', () => unpackMask(wordsOf(parts.mask), zeros, weights, {features, neurons}));
  const found = mask ? mask.reduce((sum, bit) => sum + bit, 0) : weights;
  if (found !== kept) throw new RangeError(`mask: expected ${kept} kept weights, got ${found}`);
  if (!letters)
    return {values: spreadKept(Float32Array.from(parts.values ?? []), mask, new Float32Array(weights)), mask};
  const codes = withPartName('codes', () => unpackLevels(wordsOf(parts.codes), letters.levels, kept));
  return {
    codes: spreadKept(codes, mask, new Uint8Array(weights)),
    steps: Float32Array.from(parts.steps ?? []),
    offsets: parts.offsets && Float32Array.from(parts.offsets),
    mask,
  };
}

/** Splits unpacked matrices into one problem each, with the packing of each. */
export function splitProblems(
  {problems, features, neurons, letters}: Packing,
  {codes, values, steps, offsets, mask}: UnpackedMatrices,
): Array<readonly [Packing, UnpackedMatrices]> {
  return Array.from({length: problems}, (_, p) => {
    const part = <Numbers extends {readonly length: number; slice(first: number, last: number): Numbers}>(
      all: Numbers | undefined,
    ): Numbers | undefined => all?.slice((p * all.length) / problems, ((p + 1) * all.length) / problems);
    const own = {
      codes: part(codes),
      values: part(values),
      steps: part(steps),
      offsets: part(offsets),
      mask: part(mask),
    };
    const kept = own.mask?.reduce((sum, one) => sum + one, 0) ?? features * neurons;
    return [
      {problems: 1, features, neurons, kept, ...(letters && {letters}), ...(own.mask && {zeros: 'plane' as const})},
      own,
    ];
  });
}

function withPartName<Result>(name: PartName, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new RangeError(`${name}: ${messageOf(cause)}`, {cause});
  }
}

/** Writes the numbers of kept weights where the mask is 1. */
function spreadKept<Numbers extends Uint8Array | Float32Array>(
  kept: ArrayLike<number>,
  mask: Mask | undefined,
  all: Numbers,
): Numbers {
  if (!mask) {
    all.set(kept);
    return all;
  }
  for (let i = 0, k = 0; i < mask.length; i++) if (mask[i] === 1) all[i] = kept[k++];
  return all;
}

function wordsOf(words: Int32Array | Float32Array | undefined): Uint32Array {
  return words ? new Uint32Array(words.buffer, words.byteOffset, words.length) : new Uint32Array(0);
}
