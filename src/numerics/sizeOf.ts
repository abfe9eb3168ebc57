/** The number of entries of an array of this shape: 1 for a single number. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
