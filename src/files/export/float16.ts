/** The least normal number, the step of those below it, and the first number beyond the largest, which is 65504. */
const LEAST_NORMAL = 2 ** -14;
const LEAST_STEP = 2 ** -24;
const INFINITE = 0x7c00;

/**
 * The bits of the float16 number (IEEE 754 binary16) nearest to a number, of two the even one; from 65520 on infinity.
 */
export function toFloat16(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < LEAST_NORMAL) return sign + roundToEven(size / LEAST_STEP);
  const exponent = Math.min(Math.floor(Math.log2(size)), 16);
  // The rounded significand carries into the exponent by itself: bits of floats are in the order of their sizes.
  const bits = (exponent + 14) * 1024 + roundToEven((size / 2 ** exponent) * 1024);
  return sign + Math.min(bits, INFINITE);
}

/** The number that 16 bits stand for. */
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
