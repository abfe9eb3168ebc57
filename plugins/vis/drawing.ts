import {plot, type PlotOptions} from '@observablehq/plot';

/** What a drawing must say of itself. */
export interface DrawingOptions extends PlotOptions {
  readonly document: Document;
  readonly width: number;
  /** What is shown, for those who cannot see it. */
  readonly ariaLabel: string;
}

/** A plot as one image in the text's own colour. */
export function drawing(options: DrawingOptions): Element {
  const drawn = plot({
    ...options,
    style: {fontSize: '12px', overflow: 'visible', background: 'none'},
    color: {type: 'identity'},
  });
  drawn.setAttribute('role', 'img');
  return drawn;
}

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

/**
 * Colours that a page may set. The defaults are read on white and on black alike; blue and orange differ for every kind
 * of colour vision.
 */
export const COLOURS = {
  /** What was there before. */
  before: 'var(--compress-before, #8b919b)',
  /** What came of it. */
  after: 'var(--compress-after, #2f7fd6)',
  /** Limits, and what is pruned. */
  mark: 'var(--compress-mark, #d5731b)',
} as const;
