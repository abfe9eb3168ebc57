import type {Mask} from '../linalg/mask.ts';
import {wordCountFor} from './levels.ts';
import {type MaskForm, maskWordCount} from './masks.ts';

/**
 * How weight matrices are written as arrays of 32-bit numbers: the parameters that a reader needs beside the arrays
 * (docs/format.md). Matrices of one extent follow each other, each `[features, neurons]`, row by row.
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

/** The meaning of codes: weight = step · (code + origin) + offset, code 0 … levels − 1. */
export interface PackedLetters {
  /** How many letters. */
  readonly levels: number;
  /** The lowest letter, in steps. */
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

/** The name, type and length that one array of a packing must have. */
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

/** Matrices, packed. */
export interface PackedMatrices {
  /** How to read the arrays. */
  readonly packing: Packing;
  /** The arrays. */
  readonly parts: PackedParts;
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
