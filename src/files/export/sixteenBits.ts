import {floatOfHalf, halfOf} from './float16.ts';
import {affineValue, type AffineMap, type StoredForm} from './storedForm.ts';

/** Weights in 16 bits: as uint16 codes or as float16 numbers, whichever comes nearer to them in the sum of squares. */
export function sixteenBits(weights: Float32Array): StoredForm {
  const forms = [affine16(weights), float16(weights)];
  const [codes, halves] = forms.map(({values}) => values.reduce((sum, value, i) => sum + (value - weights[i]) ** 2, 0));
  return halves < codes ? forms[1] : forms[0];
}

/** The range in 65534 steps: one less than there are, so that 0 can have a code of its own, and pruned weights stay 0. */
function affine16(weights: Float32Array): StoredForm {
  const least = weights.reduce((one, other) => Math.min(one, other), Infinity);
  const most = weights.reduce((one, other) => Math.max(one, other), -Infinity);
  const scale = (most - least) / 65534 || 1;
  const coversZero = least <= 0 && most >= 0;
  const affine: AffineMap = {scale, min: coversZero ? -Math.ceil(-least / scale) * scale : least};
  const codes = Uint16Array.from(weights, (weight) => Math.round((weight - affine.min) / scale));
  return {dtype: 'uint16', affine, bytes: littleEndian(codes), values: Float32Array.from(codes, (code) => affineValue(code, affine))};
}

function float16(weights: Float32Array): StoredForm {
  const halves = Uint16Array.from(weights, halfOf);
  return {dtype: 'float16', bytes: littleEndian(halves), values: Float32Array.from(halves, floatOfHalf)};
}

function littleEndian(numbers: Uint16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => { view.setUint16(2 * i, number, true); });
  return bytes;
}
