/** The constructor of a kind of typed array. */
interface NumbersConstructor<Numbers> {
  new (length: number): Numbers & {set(from: ArrayLike<number>, offset: number): void};
}

/** The parts one after the other, in an array of their own. */
export function concatenate<Numbers>(
  parts: ReadonlyArray<ArrayLike<number>>,
  Constructor: NumbersConstructor<Numbers>,
): Numbers {
  const all = new Constructor(parts.reduce((sum, {length}) => sum + length, 0));
  let to = 0;
  for (const part of parts) {
    all.set(part, to);
    to += part.length;
  }
  return all;
}
