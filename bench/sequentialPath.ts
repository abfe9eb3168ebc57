import {add, clipByValue, concat, div, floor, keep, matMul, mul, reshape, slice, sub, sum, type Tensor2D, tensor2d, tidy, transpose, zeros} from '@tensorflow/tfjs-core';
import type {Alphabet} from '../src/numerics/alphabet.ts';
import type {ProblemSize, SyntheticProblem} from './problem.ts';

/** How U is laid out and how its update is written. All mean the same. */
export interface SequentialForm {
  readonly layout: 'neurons × rows' | 'rows × neurons';
  readonly update: 'matMul' | 'broadcast' | 'rank 2';
}

/** Every way to write it that was tried; the benchmark keeps the fastest. */
export const SEQUENTIAL_FORMS: readonly SequentialForm[] = (['neurons × rows', 'rows × neurons'] as const)
  .flatMap((layout) => (['matMul', 'broadcast', 'rank 2'] as const).map((update) => ({layout, update})));

/** Gives row t of a matrix; the caller disposes of it. */
type RowAt = (t: number) => Tensor2D;

/** A problem as the sequential form reads it: feature by feature. */
export interface SequentialProblem {
  /** Rows of Xᵀ `[1, rows]`. */
  readonly original: RowAt;
  /** Rows of X̃ᵀ `[1, rows]`. */
  readonly shadow: RowAt;
  /** Rows of W `[1, neurons]`. */
  readonly weights: RowAt;
  readonly size: ProblemSize;
  /** `[1, neurons]`. */
  readonly steps: Tensor2D;
  readonly alphabet: Alphabet;
  dispose(): void;
}

/**
 * How a feature's row is had. `'slice'`: `tf.slice` at each step, as one would write it; on wasm it first copies the whole tensor out of the heap.
 * `'tensors'`: every row is a tensor of its own, made beforehand, outside the time that is measured.
 */
export type RowAccess = 'slice' | 'tensors';

/** Prepares the problem; not part of the time that is measured. */
export function sequentialProblem({weights, original, shadow}: SyntheticProblem, steps: Float64Array, alphabet: Alphabet, access: RowAccess): SequentialProblem {
  const [rows, features] = original.shape;
  const matrices = [transpose(original), transpose(shadow), tensor2d(Float32Array.from(weights.data), [features, weights.columns])];
  const stepRow = tensor2d(Float32Array.from(steps), [1, weights.columns]);
  const held = access === 'slice' ? matrices.map(slicedRows) : matrices.map(rowTensors);
  const [originalRows, shadowRows, weightRows] = held;
  return {
    original: originalRows.at, shadow: shadowRows.at, weights: weightRows.at,
    size: {features, neurons: weights.columns, rows},
    steps: stepRow, alphabet,
    dispose: () => { held.forEach((part) => { part.dispose(); }); stepRow.dispose(); },
  };
}

interface Rows {
  readonly at: RowAt;
  readonly dispose: () => void;
}

function slicedRows(source: Tensor2D): Rows {
  return {at: (t) => slice(source, [t, 0], [1, source.shape[1]]), dispose: () => { source.dispose(); }};
}

function rowTensors(source: Tensor2D): Rows {
  const [features, columns] = source.shape;
  const values = source.dataSync<'float32'>();
  source.dispose();
  const rows = Array.from({length: features}, (_, t) => tensor2d(values.slice(t * columns, (t + 1) * columns), [1, columns]));
  return {at: (t) => rows[t].clone(), dispose: () => { rows.forEach((row) => { row.dispose(); }); }};
}

/**
 * The authors' form of path following, over the rows themselves: U = 0 and, feature by feature for all neurons at once,
 *
 *     q_t = Q(⟨X̃_t, U + w_t X_t⟩ / ‖X̃_t‖²),   U ← U + w_t X_t − q_t X̃_t
 *
 * with Q rounding to the nearest letter.
 * @param features how many of them to follow, from the first
 * @returns codes `[features, neurons]`
 */
export function followSequentially(problem: SequentialProblem, {layout, update}: SequentialForm, features = problem.size.features): Tensor2D {
  const {neurons, rows} = problem.size;
  const isWide = layout === 'neurons × rows';
  const codes: Tensor2D[] = [];
  let state: Tensor2D = isWide ? zeros([neurons, rows]) : zeros([rows, neurons]);
  for (let t = 0; t < features; t++) {
    const before = state;
    state = tidy(() => {
      const x = problem.original(t);
      const shadow = problem.shadow(t);
      const w = problem.weights(t);
      const onState = isWide ? reshape(matMul(before, reshape(shadow, [rows, 1])), [1, neurons]) : matMul(shadow, before);
      const projected: Tensor2D = div(add(onState, mul(w, sum(mul(shadow, x)))), sum(mul(shadow, shadow)));
      const code = nearestCodes(projected, problem);
      codes.push(keep(code));
      const q: Tensor2D = mul(problem.steps, add(code, problem.alphabet.shift));
      return isWide ? updated(before, w, q, x, shadow, update, outerWide) : updated(before, w, q, x, shadow, update, outerTall);
    });
    before.dispose();
  }
  state.dispose();
  const result = concat(codes, 0);
  codes.forEach((code) => { code.dispose(); });
  return result;
}

function nearestCodes(x: Tensor2D, {steps, alphabet: {shift, lowest, highest}}: SequentialProblem): Tensor2D {
  return clipByValue(floor(add(div(x, steps), 0.5 - shift)), lowest, highest);
}

/** Σ over pairs of neuron ⊗ row, in the layout of U. */
type Outer = (neurons: readonly Tensor2D[], rows: readonly Tensor2D[], update: SequentialForm['update']) => Tensor2D;

function updated(state: Tensor2D, w: Tensor2D, q: Tensor2D, x: Tensor2D, shadow: Tensor2D, update: SequentialForm['update'], outer: Outer): Tensor2D {
  if (update === 'rank 2') return add(state, outer([w, mul(q, -1)], [x, shadow], update));
  return sub(add(state, outer([w], [x], update)), outer([q], [shadow], update));
}

function outerWide(neurons: readonly Tensor2D[], rows: readonly Tensor2D[], update: SequentialForm['update']): Tensor2D {
  if (update === 'broadcast') return mul(columnOf(neurons[0]), rows[0]);
  return neurons.length === 1 ? matMul(columnOf(neurons[0]), rows[0]) : matMul(concat(neurons.map(columnOf), 1), concat([...rows], 0));
}

function outerTall(neurons: readonly Tensor2D[], rows: readonly Tensor2D[], update: SequentialForm['update']): Tensor2D {
  return outerWide(rows, neurons, update);
}

function columnOf(row: Tensor2D): Tensor2D {
  return reshape(row, [row.size, 1]);
}
