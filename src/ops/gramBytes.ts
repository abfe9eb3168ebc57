import {getBackend} from '@tensorflow/tfjs-core';
import {CHUNK_ROWS, MAX_BLOCK_FEATURES} from './gramChunk.ts';

/** The extent of X and X̃ as `GramStatistics` receives them. */
export interface ColumnExtent {
  readonly problems: number;
  readonly features: number;
  /** Rows that are added at once, and rows in total. */
  readonly rows: number;
  readonly total: number;
  /** 2 where X̃ is another tensor than X, else 1. */
  readonly networks: 1 | 2;
}

const FLOAT32_BYTES = 4;
const FLOAT64_BYTES = 8;

/** Bytes of H, G and the sums of rows in float64, as they are when all rows are in: plain memory, no tensors. */
export function gramBytes({problems, features}: Pick<ColumnExtent, 'problems' | 'features'>): number {
  return FLOAT64_BYTES * problems * (2 * features * features + 2 * features);
}

/**
 * Peak bytes of tensors while rows are added, the rows included: the rows and their pieces; the blocks of a chunk and
 * their transposes; and either the pending pieces with the joined chunk, or the products. Where reading back is cheap
 * the products are made one at a time; elsewhere the totals before and after exist as well.
 */
export function gramTensorBytes({problems, features, rows, total, networks}: ColumnExtent): number {
  const row = FLOAT32_BYTES * problems * features;
  const chunk = row * Math.min(CHUNK_ROWS, total);
  return (
    2 * networks * row * rows +
    (networks + 1) * chunk +
    Math.max(2 * networks * chunk, productBytes({problems, features, total, networks}))
  );
}

function productBytes({problems, features, total, networks}: Omit<ColumnExtent, 'rows'>): number {
  const blocks = Math.ceil(features / MAX_BLOCK_FEATURES);
  const square = FLOAT32_BYTES * problems * features * features;
  if (getBackend() === 'cpu' || getBackend() === 'wasm') return (2 * square) / (blocks * blocks);
  return (
    (total <= CHUNK_ROWS ? 1 : 3) *
    (square * ((blocks + 1) / (2 * blocks) + networks - 1) + 2 * FLOAT32_BYTES * problems * features)
  );
}
