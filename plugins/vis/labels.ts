const LONGEST = 22;

/**
 * A name short enough for an axis: its middle is left out, because layers of a network begin and end in ways that tell
 * them apart.
 */
export function shortenName(name: string): string {
  const letters = Array.from(name);
  return letters.length <= LONGEST
    ? name
    : `${letters.slice(0, LONGEST / 2 - 1).join('')}…${letters.slice(-LONGEST / 2).join('')}`;
}

/** Pixels that the longest of some labels takes, shortened, in 12 px. */
export function labelWidth(names: readonly string[]): number {
  return 14 + 6.4 * Math.max(0, ...names.map((name) => Array.from(shortenName(name)).length));
}
