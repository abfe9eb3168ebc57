import {type Matrix, matrix, shapeOf} from './matrix.ts';

/** Which weights are kept: 1, or pruned: 0. `[features, neurons]`, row-major as codes. */
export type Mask = Uint8Array;

/** Of every m neighbouring features of a neuron, n are kept. */
export interface NofM {
  /** Kept, 0 to m. */
  readonly n: number;
  /** Neighbouring features. */
  readonly m: number;
}

/** Where zeros may lie: anywhere, or such that n of every m neighbouring features are kept. */
export type Pattern = 'unstructured' | NofM;

/**
 * Keeps the weights with the largest scores; among equal scores those of earlier features, then of earlier neurons.
 * @param scores `[features, neurons]`, finite
 * @param pattern `'unstructured'`: round(sparsity · size) zeros, exactly; n of m: m − n zeros in each m features
 * @param sparsity the share of zeros, 0 to 1; n:m implies it
 * @throws RangeError if `sparsity` lies outside [0, 1], or m does not divide the features, or n is not from 0 to m
 */
export function keepLargest(scores: Matrix, pattern: Pattern, sparsity: number): Mask {
  const mask = new Uint8Array(scores.data.length).fill(1);
  if (pattern === 'unstructured') {
    if (!(sparsity >= 0 && sparsity <= 1))
      throw new RangeError(`keepLargest: expected \`sparsity\` from 0 to 1, got ${sparsity}`);
    dropSmallest(mask, scores, {first: 0, stride: 1, size: mask.length}, Math.round(sparsity * mask.length));
    return mask;
  }
  requireFit(scores, pattern);
  const {n: kept, m: size} = pattern;
  const {columns: neurons} = scores;
  for (let t = 0; t < scores.rows; t += size) {
    for (let n = 0; n < neurons; n++)
      dropSmallest(mask, scores, {first: t * neurons + n, stride: neurons, size}, size - kept);
  }
  return mask;
}

function requireFit(scores: Matrix, {n, m}: NofM): void {
  if (!(Number.isInteger(n) && Number.isInteger(m) && m >= 1 && n >= 0 && n <= m)) {
    throw new RangeError(`keepLargest: expected n of m to be whole numbers with 0 ≤ n ≤ m and m ≥ 1, got ${n} of ${m}`);
  }
  if (scores.rows % m !== 0)
    throw new RangeError(
      `keepLargest: expected m to divide the features, got ${n} of ${m} for weights ${shapeOf(scores)}`,
    );
}

/** `count` entries `first, first + stride, …`. */
interface Run {
  readonly first: number;
  readonly stride: number;
  readonly size: number;
}

/** Writes zeros at the `count` smallest scores of a run; among equal scores the later ones are dropped first. */
function dropSmallest(mask: Mask, {data}: Matrix, {first, stride, size}: Run, count: number): void {
  if (count === 0) return;
  const sorted = new Float64Array(size);
  for (let k = 0, i = first; k < size; k++, i += stride) sorted[k] = data[i];
  const largestDropped = sorted.sort()[count - 1];
  let dropped = 0;
  for (let k = 0, i = first; k < size; k++, i += stride) {
    if (!(data[i] < largestDropped)) continue;
    mask[i] = 0;
    dropped++;
  }
  for (let i = first + (size - 1) * stride; dropped < count; i -= stride) {
    if (data[i] !== largestDropped) continue;
    mask[i] = 0;
    dropped++;
  }
}

/** The share of zeros, 0 of an empty mask. */
export function sparsityOf(mask: Mask): number {
  let zeros = 0;
  for (const kept of mask) zeros += 1 - kept;
  return mask.length === 0 ? 0 : zeros / mask.length;
}

/** The matrix with exact zeros off the mask; the same object if there is no mask. */
export function applyMask(values: Matrix, mask: Mask | undefined): Matrix {
  return mask
    ? matrix(
        values.rows,
        values.columns,
        values.data.map((value, i) => (mask[i] === 0 ? 0 : value)),
      )
    : values;
}
