/** The smallest normal number. */
const LEAST_NORMAL = 2 ** -14;
/** The distance of subnormal numbers. */
const LEAST_STEP = 2 ** -24;
/** The bits of infinity. */
const INFINITE = 0x7c00;

/** The bits of the float16 number (IEEE 754 binary16) nearest to a number, ties to even; infinity from 65520 on. */
export function toFloat16(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < LEAST_NORMAL) return sign + roundToEven(size / LEAST_STEP);
  const exponent = Math.min(Math.floor(Math.log2(size)), 16);
  // A rounded-up significand carries into the exponent, because the bits of floats are ordered like their values.
  const bits = (exponent + 14) * 1024 + roundToEven((size / 2 ** exponent) * 1024);
  return sign + Math.min(bits, INFINITE);
}

/** The number that 16 bits represent. */
export function fromFloat16(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const size = bits & 0x7fff;
  if (size >= INFINITE) return size === INFINITE ? sign * Infinity : NaN;
  const exponent = size >> 10;
  return sign * (exponent === 0 ? size * LEAST_STEP : (1024 + (size & 1023)) * 2 ** (exponent - 25));
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}
