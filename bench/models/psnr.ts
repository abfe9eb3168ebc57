/**
 * 10 log₁₀(peak² / mean (x − y)²), in decibels; Infinity where all are equal.
 * @param peak the largest value that there can be
 */
export function psnr(expected: Float32Array, found: Float32Array, peak = 255): number {
  if (expected.length !== found.length)
    throw new RangeError(`psnr: expected as many values, got ${expected.length} and ${found.length}`);
  const squares = expected.reduce((sum, value, i) => sum + (value - found[i]) ** 2, 0);
  return 10 * Math.log10((peak ** 2 * expected.length) / squares);
}
