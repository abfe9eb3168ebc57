/** Features per block on a device: earlier blocks contribute one matrix product; only a block itself is sequential. */
export const BLOCK_FEATURES = 128;

/** Features per block on the host, where a product costs no launch and the rows of a block should stay in cache. */
export const HOST_BLOCK_FEATURES = 64;

/** Features `first … last − 1`. */
export interface Block {
  readonly first: number;
  readonly last: number;
}

/** Entries of a matrix that one part of a task goes through. */
const PANEL_ENTRIES = 2 ** 20;

/** The rows of a matrix, in panels for one part of a task each: at least one row. */
export function panelsOf({rows, columns}: {readonly rows: number; readonly columns: number}): Generator<Block> {
  return blocksOf(rows, Math.max(1, Math.floor(PANEL_ENTRIES / Math.max(1, columns))));
}

/** The blocks of `size` features that cover `features`. */
export function* blocksOf(features: number, size: number): Generator<Block> {
  for (let first = 0; first < features; first += size) yield {first, last: Math.min(first + size, features)};
}
