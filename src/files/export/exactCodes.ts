import {type AffineMap, affineValue, type StoredForm} from './storedForm.ts';

const HIGHEST = 255;

/**
 * Weights as uint8 codes that tfjs decodes to the same float32 numbers; the sign of a zero apart.
 * @returns undefined if no code of the map gives a weight
 */
export function findExactCodes(weights: Float32Array, affine: AffineMap): StoredForm | undefined {
  const bytes = new Uint8Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const code = Math.round((weights[i] - affine.min) / affine.scale);
    if (!(code >= 0 && code <= HIGHEST && affineValue(code, affine) === weights[i])) return undefined;
    bytes[i] = code;
  }
  return {dtype: 'uint8', affine, bytes, values: Float32Array.from(bytes, (code) => affineValue(code, affine))};
}
