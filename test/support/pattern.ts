/** One regular expression of several that follow each other: a message may be wider than a line. */
export function pattern(...parts: readonly RegExp[]): RegExp {
  return new RegExp(parts.map(({source}) => source).join(''), parts.at(-1)?.flags);
}
