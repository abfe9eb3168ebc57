import {messageOf} from '../../errors.ts';
import type {Mask} from '../linalg/mask.ts';
import {type Matrix, matrix} from '../linalg/matrix.ts';
import {packLevels, unpackLevels, wordCountFor} from './levels.ts';
import {type MaskForm, maskWordCount, packMask, smallestForm, unpackMask} from './masks.ts';

/**
 * How weight matrices are written as arrays of 32-bit numbers: all that is to know beside the arrays themselves.
 * Matrices of one extent follow each other, each `[features, neurons]`, row by row.
 */
export interface Packing {
  /** How many matrices. */
  readonly problems: number;
  /** Rows of each. */
  readonly features: number;
  /** Columns of each. */
  readonly neurons: number;
  /** The alphabet of the codes; absent: kept weights are float32 as they are. */
  readonly letters?: PackedLetters | undefined;
  /** How the mask is written; absent: nothing is pruned. */
  readonly zeros?: MaskForm | undefined;
  /** How many weights are kept: only these have a code or a value. */
  readonly kept: number;
}

/** What codes stand for: weight = step · (code + origin) + offset, code 0 … levels − 1. */
export interface PackedLetters {
  /** How many letters. */
  readonly levels: number;
  /** What the lowest letter is in steps. */
  readonly origin: number;
  /** Features that share a step. */
  readonly groupSize: number;
  /** Whether each step has an offset beside it. */
  readonly offsets: boolean;
}

/** The arrays of a {@link Packing}, by name. */
export type PackedParts = Readonly<Partial<Record<PartName, Int32Array | Float32Array>>>;

/** `codes` or `values` of the kept weights, `steps` and `offsets` of the groups, `mask`. */
export type PartName = 'codes' | 'values' | 'steps' | 'offsets' | 'mask';

/** What one array of a packing must be. */
export interface PartSpec {
  /** Which one. */
  readonly name: PartName;
  /** The type of its tensor. */
  readonly dtype: 'int32' | 'float32';
  /** How many numbers. */
  readonly length: number;
}

/** Weight matrices of one extent, before packing or after. */
export interface UnpackedMatrices {
  /**
   * Code − lowest code of each weight, `[problems · features, neurons]`; 0 where pruned. Absent: weights are {@link
   * values}.
   */
  readonly codes?: Uint8Array | undefined;
  /** `[problems · features, neurons]`, 0 where pruned. */
  readonly values?: Float32Array | undefined;
  /** `[problems · groups, neurons]`. */
  readonly steps?: Float32Array | undefined;
  /** The same. */
  readonly offsets?: Float32Array | undefined;
  /** `[problems · features, neurons]`. */
  readonly mask?: Mask | undefined;
}

/** The arrays that a packing consists of, in the order in which they are stored. */
export function partsOf({problems, features, neurons, letters, zeros, kept}: Packing): PartSpec[] {
  const weights = problems * features * neurons;
  const parts: PartSpec[] = [];
  if (letters) {
    const steps = problems * Math.ceil(features / letters.groupSize) * neurons;
    parts.push(
      {name: 'codes', dtype: 'int32', length: wordCountFor(kept, letters.levels)},
      {name: 'steps', dtype: 'float32', length: steps},
    );
    if (letters.offsets) parts.push({name: 'offsets', dtype: 'float32', length: steps});
  } else {
    parts.push({name: 'values', dtype: 'float32', length: kept});
  }
  if (zeros !== undefined) parts.push({name: 'mask', dtype: 'int32', length: maskWordCount(weights, zeros)});
  return parts;
}

/** Matrices, packed. */
export interface PackedMatrices {
  /** What is to know of the arrays. */
  readonly packing: Packing;
  /** The arrays. */
  readonly parts: PackedParts;
}

/** Matrices as a packing, its mask in the form that takes the fewest words. */
export function packMatrices(
  {problems, features, neurons, letters}: Omit<Packing, 'zeros' | 'kept'>,
  {codes, values, steps, offsets, mask}: UnpackedMatrices,
): PackedMatrices {
  const kept = mask ? mask.reduce((sum, bit) => sum + bit, 0) : problems * features * neurons;
  const zeros = mask && smallestForm(mask, {features, neurons});
  return {
    packing: {problems, features, neurons, kept, ...(letters && {letters}), ...(zeros !== undefined && {zeros})},
    parts: {
      ...(letters && codes && {codes: toInt32(packLevels(keptOf(codes, mask), letters.levels))}),
      ...(values && {values: keptOf(values, mask)}),
      ...(steps && {steps}),
      ...(offsets && {offsets}),
      ...(mask && zeros !== undefined && {mask: toInt32(packMask(mask, zeros, {features, neurons}))}),
    },
  };
}

/**
 * The matrices of a packing.
 * @throws RangeError that begins with the name of the array that is not what the packing says: too long or short, a
 *   code outside the alphabet, a step, offset or weight that is not finite, another number of kept weights
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

/** Unpacked matrices one by one, each with a packing of its own. */
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

/** The weights, one matrix per problem: step · (code + origin) + offset in float32, exactly 0 where pruned. */
export function unpackWeights(
  {problems, features, neurons, letters}: Packing,
  {codes, values, steps, offsets, mask}: UnpackedMatrices,
): Matrix[] {
  const size = features * neurons;
  return Array.from({length: problems}, (_, p) => {
    const weights = matrix(features, neurons);
    if (!letters || !codes || !steps) {
      if (values) weights.data.set(values.subarray(p * size, (p + 1) * size));
      return weights;
    }
    const groups = Math.ceil(features / letters.groupSize);
    for (let t = 0; t < features; t++) {
      const row = (p * groups + Math.floor(t / letters.groupSize)) * neurons;
      for (let n = 0; n < neurons; n++) {
        const i = p * size + t * neurons + n;
        if (mask?.[i] === 0) continue;
        const value = steps[row + n] * (codes[i] + letters.origin);
        weights.data[t * neurons + n] = Math.fround(offsets ? value + offsets[row + n] : value);
      }
    }
    return weights;
  });
}

function requirePart({name, dtype, length}: PartSpec, part: Int32Array | Float32Array | undefined): void {
  if (part?.length !== length)
    throw new RangeError(`${name}: expected ${length} numbers, got ${part?.length ?? 'none'}`);
  const wrong = dtype === 'float32' ? part.findIndex((value) => !Number.isFinite(value)) : -1;
  if (wrong >= 0) throw new RangeError(`${name}: expected finite numbers, got ${part[wrong]} at ${wrong}`);
  if (name === 'steps') {
    const negative = part.findIndex((step) => step < 0);
    if (negative >= 0) throw new RangeError(`steps: expected no negative number, got ${part[negative]} at ${negative}`);
  }
}

function withPartName<Result>(name: PartName, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new RangeError(`${name}: ${messageOf(cause)}`, {cause});
  }
}

interface Filterable<Numbers> {
  filter(accepts: (value: number, index: number) => boolean): Numbers;
}

function keptOf<Numbers extends Filterable<Numbers>>(all: Numbers, mask: Mask | undefined): Numbers {
  return mask ? all.filter((_, i) => mask[i] === 1) : all;
}

/** Numbers of kept weights to their places, 0 elsewhere. */
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

/** The same bits: tensors know int32 alone. */
function toInt32(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}

function wordsOf(words: Int32Array | Float32Array | undefined): Uint32Array {
  return words ? new Uint32Array(words.buffer, words.byteOffset, words.length) : new Uint32Array(0);
}
