/** Weights in one of the forms that a tfjs manifest knows, and what tfjs makes of them when it loads the file. */
export interface StoredForm {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  /** What the manifest says beside the codes: value = code · scale + min. Absent in float16. */
  readonly affine?: AffineMap | undefined;
  /** Little-endian, as in the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The decoded weights, float32. */
  readonly values: Float32Array;
}

/** value = code · scale + min. */
export interface AffineMap {
  readonly scale: number;
  readonly min: number;
}

/**
 * What tfjs decodes a code to (tfjs-core 4.22, `decodeWeight`): product and sum in float64, rounded once to float32.
 */
export function affineValue(code: number, {scale, min}: AffineMap): number {
  return Math.fround(code * scale + min);
}
