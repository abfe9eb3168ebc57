import {getBackend} from '@tensorflow/tfjs-core';
import {CHUNK_ROWS, MOST_BLOCK_FEATURES} from './gramStatistics.ts';

/** Columns of X and X̃ as statistics meet them. */
export interface ColumnExtent {
  readonly problems: number;
  readonly features: number;
  /** Rows that are added at once, and all together. */
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
 * Bytes of tensors at the widest moment of adding rows, those of the rows included: the rows, their pieces and those that wait, a chunk joined,
 * split and transposed, and its products; beside them, where reading back is dear, the totals before and after.
 */
export function gramTensorBytes({problems, features, rows, total, networks}: ColumnExtent): number {
  const row = FLOAT32_BYTES * problems * features;
  const chunk = row * Math.min(CHUNK_ROWS, total);
  const blocks = Math.ceil(features / MOST_BLOCK_FEATURES);
  const products = FLOAT32_BYTES * problems * (features * features * ((blocks + 1) / (2 * blocks) + networks - 1) + 2 * features);
  const totals = total <= CHUNK_ROWS || getBackend() === 'cpu' || getBackend() === 'wasm' ? 1 : 3;
  return 2 * networks * (row * rows + chunk) + 2 * chunk + totals * products;
}
