import {
  add,
  clipByValue,
  concat,
  dispose,
  div,
  floor,
  gather,
  keep,
  matMul,
  mul,
  reshape,
  slice,
  sub,
  sum,
  type Tensor2D,
  tensor2d,
  tidy,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import type {Alphabet} from '../../src/numerics/stochastic/alphabet.ts';
import type {ProblemSize, SyntheticProblem} from './problem.ts';

/** How U is laid out and how its update is written. All mean the same. */
export interface SequentialForm {
  readonly layout: 'neurons × rows' | 'rows × neurons';
  readonly update: 'matMul' | 'broadcast' | 'rank 2';
}

/** Every way to write it that was tried; the benchmark keeps the fastest. */
export const SEQUENTIAL_FORMS: readonly SequentialForm[] = (['neurons × rows', 'rows × neurons'] as const).flatMap(
  (layout) => (['matMul', 'broadcast', 'rank 2'] as const).map((update) => ({layout, update})),
);

/** Gives what belongs to feature t, as `[1, …]`; the caller disposes of it. */
type FeatureAt = (t: number) => Tensor2D;

/** A problem as the sequential form reads it: feature by feature. */
export interface SequentialProblem {
  /** Columns of X `[1, rows]`. */
  readonly original: FeatureAt;
  /** Columns of X̃ `[1, rows]`. */
  readonly shadow: FeatureAt;
  /** Rows of W `[1, neurons]`. */
  readonly weights: FeatureAt;
  readonly size: ProblemSize;
  /** `[1, neurons]`. */
  readonly steps: Tensor2D;
  readonly alphabet: Alphabet;
  dispose(): void;
}

/**
 * How a feature's column of X `[rows, features]` is had at each step: by `tf.slice`, by `tf.gather` of one index, or
 * from tensors of one column each, made beforehand.
 */
export type ColumnAccess = 'slice' | 'gather' | 'prepared';

/**
 * Prepares what the access needs beforehand: nothing but the weights, except for `'prepared'`. X and X̃ stay the
 * caller's.
 */
export function sequentialProblem(
  {weights, original, shadow}: SyntheticProblem,
  steps: Float64Array,
  alphabet: Alphabet,
  access: ColumnAccess,
): SequentialProblem {
  const [rows, features] = original.shape;
  const {columns: neurons} = weights;
  const weightTensor = tensor2d(Float32Array.from(weights.data), [features, neurons]);
  const stepRow = tensor2d(Float32Array.from(steps), [1, neurons]);
  const held: Tensor2D[] = [weightTensor, stepRow];
  return {
    ...featuresBy[access](original, shadow, weightTensor, held),
    size: {features, neurons, rows},
    steps: stepRow,
    alphabet,
    dispose: () => {
      dispose(held);
    },
  };
}

/** What an access makes beforehand goes to `held`. */
type Features = (
  original: Tensor2D,
  shadow: Tensor2D,
  weights: Tensor2D,
  held: Tensor2D[],
) => Pick<SequentialProblem, 'original' | 'shadow' | 'weights'>;

const featuresBy: Readonly<Record<ColumnAccess, Features>> = {
  slice: (original, shadow, weights) => ({
    original: (t) => slicedColumn(original, t),
    shadow: (t) => slicedColumn(shadow, t),
    weights: (t) => slice(weights, [t, 0], [1, weights.shape[1]]),
  }),
  gather: (original, shadow, weights) => ({
    original: (t) => gatheredColumn(original, t),
    shadow: (t) => gatheredColumn(shadow, t),
    weights: (t) => gather(weights, [t], 0),
  }),
  prepared: (original, shadow, weights, held) => ({
    original: preparedRows(
      tidy(() => transpose(original)),
      held,
    ),
    shadow: preparedRows(
      tidy(() => transpose(shadow)),
      held,
    ),
    weights: preparedRows(weights.clone(), held),
  }),
};

function slicedColumn(matrix: Tensor2D, t: number): Tensor2D {
  return reshape(slice(matrix, [0, t], [matrix.shape[0], 1]), [1, matrix.shape[0]]);
}

function gatheredColumn(matrix: Tensor2D, t: number): Tensor2D {
  return reshape(gather(matrix, [t], 1), [1, matrix.shape[0]]);
}

/** Every row as a tensor of its own; ends the matrix. */
function preparedRows(matrix: Tensor2D, held: Tensor2D[]): FeatureAt {
  const [features, columns] = matrix.shape;
  const values = matrix.dataSync<'float32'>();
  matrix.dispose();
  const rows = Array.from({length: features}, (_, t) =>
    tensor2d(values.subarray(t * columns, (t + 1) * columns), [1, columns]),
  );
  held.push(...rows);
  return (t) => rows[t].clone();
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
export function followSequentially(
  problem: SequentialProblem,
  {layout, update}: SequentialForm,
  features = problem.size.features,
): Tensor2D {
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
      const onState = isWide
        ? reshape(matMul(before, reshape(shadow, [rows, 1])), [1, neurons])
        : matMul(shadow, before);
      const projected: Tensor2D = div(add(onState, mul(w, sum(mul(shadow, x)))), sum(mul(shadow, shadow)));
      const code = nearestCodes(projected, problem);
      codes.push(keep(code));
      const q: Tensor2D = mul(problem.steps, add(code, problem.alphabet.shift));
      return isWide
        ? updated(before, w, q, x, shadow, update, outerWide)
        : updated(before, w, q, x, shadow, update, outerTall);
    });
    before.dispose();
  }
  state.dispose();
  const result = concat(codes, 0);
  codes.forEach((code) => {
    code.dispose();
  });
  return result;
}

function nearestCodes(x: Tensor2D, {steps, alphabet: {shift, lowest, highest}}: SequentialProblem): Tensor2D {
  return clipByValue(floor(add(div(x, steps), 0.5 - shift)), lowest, highest);
}

/** Σ over pairs of neuron ⊗ row, in the layout of U. */
type Outer = (neurons: readonly Tensor2D[], rows: readonly Tensor2D[], update: SequentialForm['update']) => Tensor2D;

function updated(
  state: Tensor2D,
  w: Tensor2D,
  q: Tensor2D,
  x: Tensor2D,
  shadow: Tensor2D,
  update: SequentialForm['update'],
  outer: Outer,
): Tensor2D {
  if (update === 'rank 2') return add(state, outer([w, mul(q, -1)], [x, shadow], update));
  return sub(add(state, outer([w], [x], update)), outer([q], [shadow], update));
}

function outerWide(
  neurons: readonly Tensor2D[],
  rows: readonly Tensor2D[],
  update: SequentialForm['update'],
): Tensor2D {
  if (update === 'broadcast') return mul(columnOf(neurons[0]), rows[0]);
  return neurons.length === 1
    ? matMul(columnOf(neurons[0]), rows[0])
    : matMul(concat(neurons.map(columnOf), 1), concat([...rows], 0));
}

function outerTall(
  neurons: readonly Tensor2D[],
  rows: readonly Tensor2D[],
  update: SequentialForm['update'],
): Tensor2D {
  return outerWide(rows, neurons, update);
}

function columnOf(row: Tensor2D): Tensor2D {
  return reshape(row, [row.size, 1]);
}
