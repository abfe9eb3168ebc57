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
