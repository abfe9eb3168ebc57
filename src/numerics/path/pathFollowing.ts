import {type Block, blocksOf, HOST_BLOCK_FEATURES} from '../linalg/blocks.ts';
import {type Matrix, matrix} from '../linalg/matrix.ts';
import {addPanelProduct} from '../linalg/product.ts';
import type {Task} from '../task.ts';
import {requireSquareFor} from './alignment.ts';

/** A stochastic operator T applied at (t, n): from the argument to the letter q_t of neuron n. */
export type Quantize = (x: number, feature: number, neuron: number) => number;

/** The result of following a path. */
export interface Path {
  /** Q `[features, neurons]`, as `quantize` returned it. */
  readonly values: Matrix;
  /** Σ_{s<t} F_ts (w̃_s − q_s) `[features, neurons]`: by how much each argument of T was moved. */
  readonly drift: Matrix;
}

/**
 * Follows the path of every neuron over the features in order,
 *
 *     q_t = T( w̃_t + Σ_{s<t} F_ts (w̃_s − q_s) )     (Zhang & Saab 2024, phase II, in Gram form)
 *
 * in blocks of features: all earlier blocks together add one matrix product F[block, before] · E[before].
 * The result has the same bits for any block size.
 * @param aligned W̃ `[features, neurons]`
 * @param feedback F `[features, features]`, strictly lower triangular ({@link pathFeedback})
 * @param quantize T; called once for each weight, features in ascending order
 * @param options `blockSize`: features per block, default 64
 * @throws RangeError if the shapes do not fit
 */
export function* followPath(
  aligned: Matrix,
  feedback: Matrix,
  quantize: Quantize,
  options: {readonly blockSize?: number} = {},
): Task<Path> {
  requireSquareFor('followPath', feedback, aligned);
  const {rows: features, columns: neurons} = aligned;
  const values = matrix(features, neurons);
  const errors = matrix(features, neurons);
  const drift = matrix(features, neurons);
  for (const block of blocksOf(features, options.blockSize ?? HOST_BLOCK_FEATURES)) {
    yield* addPanelProduct(drift, feedback, errors, {
      firstRow: block.first,
      lastRow: block.last,
      firstInner: 0,
      lastInner: block.first,
    });
    followBlock({aligned, values, errors, drift, feedback}, quantize, block);
    yield;
  }
  return {values, drift};
}

/** In order, because each letter depends on every earlier one. */
function followBlock(
  {
    aligned,
    values,
    errors,
    drift,
    feedback,
  }: Readonly<Record<'aligned' | 'values' | 'errors' | 'drift' | 'feedback', Matrix>>,
  quantize: Quantize,
  {first, last}: Block,
): void {
  const {columns: neurons} = aligned;
  for (let t = first; t < last; t++) {
    for (let n = 0, i = t * neurons; n < neurons; n++, i++) {
      // q_t = T(w̃_t + Σ_{s<t} H_ts (w̃_s − q_s) / (C H_tt)). With w̃ of order 1 and C = 1 this is GPFQ's
      // T((Σ_{s≤t} G_ts w_s − Σ_{s<t} H_ts q_s) / H_tt), because w̃_t H_tt = Σ_{s≤t} G_ts w_s − Σ_{s<t} H_ts w̃_s.
      values.data[i] = quantize(aligned.data[i] + drift.data[i], t, n);
      errors.data[i] = aligned.data[i] - values.data[i];
    }
    pushError(drift, errors, feedback, t, last);
  }
}

/** drift_s += F_st (w̃_t − q_t) for the later features s of the block. */
function pushError(drift: Matrix, errors: Matrix, feedback: Matrix, t: number, last: number): void {
  const {rows: features, columns: neurons} = errors;
  const from = t * neurons;
  for (let s = t + 1; s < last; s++) {
    const factor = feedback.data[s * features + t];
    const to = s * neurons;
    for (let n = 0; n < neurons; n++) drift.data[to + n] += factor * errors.data[from + n];
  }
}
