import {type Block, blocksOf, HOST_BLOCK_FEATURES} from '../linalg/blocks.ts';
import {choleskySolve} from '../linalg/cholesky.ts';
import {dampedCholesky} from '../linalg/damping.ts';
import {type Matrix, matrix, requireSameShape} from '../linalg/matrix.ts';
import {addPanelProduct, multiply} from '../linalg/product.ts';
import type {Task} from '../task.ts';

/** How W̃ is found from W. */
export interface AlignmentOptions {
  /** `'none'`: W̃ = W. `'order'`: order-r alignment. `'exact'`: damped least squares. */
  readonly method: 'none' | 'order' | 'exact';
  /** r, the number of Gauss–Seidel sweeps of `'order'`. Default 1. */
  readonly order?: number;
  /** λ / mean diag H of `'exact'`. Default 0.01. */
  readonly damping?: number;
  /**
   * The aligned weight of a dead feature (X̃_t = 0): `'keep'` its weight (default), or `'zero'` as the authors' code.
   */
  readonly dead?: 'keep' | 'zero';
}

/**
 * Aligned weights W̃ with X̃W̃ ≈ XW, from H = X̃ᵀX̃ and G = X̃ᵀX alone.
 *
 * - order 1: tril(H) W̃ = tril(G) W, the paper's w̃_t = ⟨X̃_t, û_{t−1} + w_t X_t⟩ / ‖X̃_t‖² (Zhang & Saab 2024, phase
 *   I);
 * - order r: r − 1 more sweeps tril(H) W̃⁺ = GW − triu(H, 1) W̃;
 * - exact: (H + λI) W̃ = GW + λW, the limit of the sweeps.
 * @param weights W `[features, neurons]`
 * @param gram H `[features, features]`
 * @param crossGram G `[features, features]`
 * @throws RangeError if the shapes do not fit, or H is no Gram matrix
 */
export function* alignWeights(
  weights: Matrix,
  gram: Matrix,
  crossGram: Matrix,
  options: AlignmentOptions,
): Task<Matrix> {
  requireSameShape('alignWeights', gram, crossGram);
  requireSquareFor('alignWeights', gram, weights);
  const {method, order = 1, damping = 0.01, dead = 'keep'} = options;
  switch (method) {
    case 'none':
      return weights;
    case 'exact':
      return resolveDead(yield* alignExactly(weights, gram, crossGram, damping), weights, gram, dead);
    case 'order': {
      let aligned = yield* firstSweep(weights, gram, crossGram, dead);
      const target = order > 1 ? yield* multiply(crossGram, weights) : aligned;
      for (let sweep = 1; sweep < order; sweep++) aligned = yield* nextSweep(aligned, target, gram);
      return aligned;
    }
  }
}

/** @throws RangeError unless `gram` is `[features, features]` for weights `[features, neurons]` */
export function requireSquareFor(where: string, gram: Matrix, weights: Matrix): void {
  if (gram.rows !== gram.columns || gram.rows !== weights.rows) {
    throw new RangeError(
      `${where}: expected a square gram for ${weights.rows} features, got [${gram.rows}, ${gram.columns}]`,
    );
  }
}

function* alignExactly(weights: Matrix, gram: Matrix, crossGram: Matrix, damping: number): Task<Matrix> {
  const {factor, lambda} = yield* dampedCholesky(gram, damping);
  const right = yield* multiply(crossGram, weights);
  right.data.forEach((entry, i) => {
    right.data[i] = entry + lambda * weights.data[i];
  });
  return yield* choleskySolve(factor, right);
}

function resolveDead(aligned: Matrix, weights: Matrix, gram: Matrix, dead: 'keep' | 'zero'): Matrix {
  for (let t = 0; t < gram.rows; t++) {
    if (gram.data[t * gram.rows + t] > 0) continue;
    const row = t * weights.columns;
    if (dead === 'zero') aligned.data.fill(0, row, row + weights.columns);
    else aligned.data.set(weights.data.subarray(row, row + weights.columns), row);
  }
  return aligned;
}

/** H_tt w̃_t = Σ_{s≤t} G_ts w_s − Σ_{s<t} H_ts w̃_s. */
function* firstSweep(weights: Matrix, gram: Matrix, crossGram: Matrix, dead: 'keep' | 'zero'): Task<Matrix> {
  const {rows: features, columns: neurons} = weights;
  const aligned = matrix(features, neurons);
  const right = matrix(features, neurons);
  const taken = matrix(features, neurons);
  for (const block of blocksOf(features, HOST_BLOCK_FEATURES)) {
    const before = {firstRow: block.first, lastRow: block.last, firstInner: 0, lastInner: block.first};
    yield* addPanelProduct(right, crossGram, weights, before);
    yield* addPanelProduct(taken, gram, aligned, before);
    firstOfBlock({weights, gram, crossGram, aligned, right, taken}, dead, block);
    yield;
  }
  return aligned;
}

/** The features of one block, after the sums over earlier blocks were added. */
function firstOfBlock(
  {
    weights,
    gram,
    crossGram,
    aligned,
    right,
    taken,
  }: Readonly<Record<'weights' | 'gram' | 'crossGram' | 'aligned' | 'right' | 'taken', Matrix>>,
  dead: 'keep' | 'zero',
  {first, last}: Block,
): void {
  const {rows: features, columns: neurons} = weights;
  for (let t = first; t < last; t++) {
    for (let s = first; s <= t; s++) addRow(right, t, crossGram.data[t * features + s], weights, s);
    for (let s = first; s < t; s++) addRow(taken, t, gram.data[t * features + s], aligned, s);
    const norm = gram.data[t * features + t];
    for (let n = 0, i = t * neurons; n < neurons; n++, i++) {
      if (norm > 0) aligned.data[i] = (right.data[i] - taken.data[i]) / norm;
      else aligned.data[i] = dead === 'keep' ? weights.data[i] : 0;
    }
  }
}

/** H_tt w̃⁺_t = (GW)_t − Σ_{s<t} H_ts w̃⁺_s − Σ_{s>t} H_ts w̃_s. A dead feature keeps what it has. */
function* nextSweep(aligned: Matrix, target: Matrix, gram: Matrix): Task<Matrix> {
  const {rows: features, columns: neurons} = aligned;
  const next = matrix(features, neurons, aligned.data.slice());
  const taken = matrix(features, neurons);
  for (const block of blocksOf(features, HOST_BLOCK_FEATURES)) {
    const rows = {firstRow: block.first, lastRow: block.last};
    // Rows before the block belong to the new sweep already, rows after it still to the last one.
    yield* addPanelProduct(taken, gram, next, {...rows, firstInner: 0, lastInner: block.first});
    yield* addPanelProduct(taken, gram, next, {...rows, firstInner: block.last, lastInner: features});
    nextOfBlock({target, gram, next, taken}, block);
    yield;
  }
  return next;
}

/** The features of one block, after the sums over all other blocks were added. */
function nextOfBlock(
  {target, gram, next, taken}: Readonly<Record<'target' | 'gram' | 'next' | 'taken', Matrix>>,
  {first, last}: Block,
): void {
  const {rows: features, columns: neurons} = next;
  for (let t = first; t < last; t++) {
    for (let s = first; s < last; s++) if (s !== t) addRow(taken, t, gram.data[t * features + s], next, s);
    const norm = gram.data[t * features + t];
    if (!(norm > 0)) continue;
    for (let n = 0, i = t * neurons; n < neurons; n++, i++) next.data[i] = (target.data[i] - taken.data[i]) / norm;
  }
}

/** sum[t] += factor · source[s]. */
function addRow(sum: Matrix, t: number, factor: number, source: Matrix, s: number): void {
  const {columns, data} = source;
  const to = t * columns;
  const from = s * columns;
  for (let n = 0; n < columns; n++) sum.data[to + n] += factor * data[from + n];
}
