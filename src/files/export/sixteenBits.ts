import {fromFloat16, toFloat16} from './float16.ts';
import {type AffineMap, affineValue, type StoredForm} from './storedForm.ts';

/** Weights in 16 bits: uint16 codes or float16 numbers, whichever has the smaller sum of squared errors. */
export function toSixteenBits(weights: Float32Array): StoredForm {
  const forms = [toAffine16(weights), toHalves(weights)];
  const [codes, halves] = forms.map(({values}) => values.reduce((sum, value, i) => sum + (value - weights[i]) ** 2, 0));
  return halves < codes ? forms[1] : forms[0];
}

/** The range in 65534 steps, one less than possible, so that 0 can have its own code and pruned weights stay 0. */
function toAffine16(weights: Float32Array): StoredForm {
  const min = weights.reduce((one, other) => Math.min(one, other), Infinity);
  const max = weights.reduce((one, other) => Math.max(one, other), -Infinity);
  const scale = (max - min) / 65534 || 1;
  const coversZero = min <= 0 && max >= 0;
  const affine: AffineMap = {scale, min: coversZero ? -Math.ceil(-min / scale) * scale : min};
  const codes = Uint16Array.from(weights, (weight) => Math.round((weight - affine.min) / scale));
  return {
    dtype: 'uint16',
    affine,
    bytes: toLittleEndian(codes),
    values: Float32Array.from(codes, (code) => affineValue(code, affine)),
  };
}

function toHalves(weights: Float32Array): StoredForm {
  const halves = Uint16Array.from(weights, toFloat16);
  return {dtype: 'float16', bytes: toLittleEndian(halves), values: Float32Array.from(halves, fromFloat16)};
}

function toLittleEndian(numbers: Uint16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => {
    view.setUint16(2 * i, number, true);
  });
  return bytes;
}
