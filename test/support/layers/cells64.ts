import {type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import type {Numbers} from './layerCase.ts';

/** A recurrent layer with one cell, in plain float64, written after the formulas alone. */
export interface Recurrent64 {
  readonly cell: 'SimpleRNN' | 'LSTM' | 'GRU';
  readonly activation: keyof typeof activations;
  /** Of gates. Default `'hardSigmoid'`, as in tfjs. */
  readonly recurrentActivation?: keyof typeof activations;
  readonly goBackwards?: boolean;
  /** `[batch · time]`, 0 where a step does not count. */
  readonly mask?: ArrayLike<number> | undefined;
  /** h and, of an LSTM, c: `[batch, units]`. */
  readonly states?: readonly Numbers[];
}

/** What it does with `[batch, time, features]`. Rows are batch · time, in the order of the input. */
export interface Run64 {
  /** x_t, h_{t−1} and, of a GRU, r ∘ h_{t−1}. */
  readonly inputs: Matrix;
  readonly hidden: Matrix;
  readonly reset: Matrix;
  /** x_t K + b, and what the recurrent kernel adds to it, before activations. */
  readonly inputSums: Matrix;
  readonly hiddenSums: Matrix;
  /** h_t in the order of the steps that are taken: `[batch, time, units]`. */
  readonly outputs: Matrix;
}

export const activations = {
  linear: (x: number) => x,
  relu: (x: number) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x: number) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
} as const;

/** Runs it. Weights as tfjs has them: kernel, recurrent kernel and, if any, bias. */
export function run64(
  layer: Recurrent64,
  {shape: [batch, time, features], data}: Numbers,
  [kernel, recurrent, bias]: readonly Numbers[],
): Run64 {
  const [units, columns] = recurrent.shape;
  const rows = batch * time;
  const inputs = matrix(rows, features, data);
  const [hidden, reset, outputs] = [matrix(rows, units), matrix(rows, units), matrix(rows, units)];
  const [inputSums, hiddenSums] = [multiply(inputs, asMatrix(kernel)), matrix(rows, columns)];
  if (bias)
    inputSums.data.forEach((_, i) => {
      inputSums.data[i] += bias.data[i % columns];
    });
  for (let b = 0; b < batch; b++) {
    let [h, c] = [0, 1].map((k) =>
      Float64Array.from({length: units}, (_, n) => layer.states?.at(k)?.data[b * units + n] ?? 0),
    );
    for (let step = 0; step < time; step++) {
      const row = b * time + (layer.goBackwards === true ? time - 1 - step : step);
      const made = step64(
        layer,
        inputSums.data.subarray(row * columns, (row + 1) * columns),
        h,
        c,
        asMatrix(recurrent),
      );
      hidden.data.set(h, row * units);
      reset.data.set(made.reset, row * units);
      hiddenSums.data.set(made.sums, row * columns);
      if (layer.mask === undefined || layer.mask[row] !== 0) [h, c] = [made.h, made.c];
      outputs.data.set(h, (b * time + step) * units);
    }
  }
  return {inputs, hidden, reset, inputSums, hiddenSums, outputs};
}

interface Step64 {
  readonly h: Float64Array<ArrayBuffer>;
  readonly c: Float64Array<ArrayBuffer>;
  /** What the recurrent kernel adds. */
  readonly sums: Float64Array;
  readonly reset: Float64Array;
}

function step64(
  {cell, activation, recurrentActivation = 'hardSigmoid'}: Recurrent64,
  x: Float64Array,
  h: Float64Array<ArrayBuffer>,
  c: Float64Array<ArrayBuffer>,
  recurrent: Matrix,
): Step64 {
  const units = h.length;
  const [f, g] = [activations[activation], activations[recurrentActivation]];
  const sums = multiply(matrix(1, units, h), recurrent).data;
  const at = (block: number, n: number): number => x[block * units + n] + sums[block * units + n];
  if (cell === 'SimpleRNN') return {h: h.map((_, n) => f(at(0, n))), c, sums, reset: h};
  if (cell === 'LSTM') {
    const next = c.map((old, n) => g(at(1, n)) * old + g(at(0, n)) * f(at(2, n)));
    return {h: next.map((one, n) => g(at(3, n)) * f(one)), c: next, sums, reset: h};
  }
  // Only the candidate, the last third, meets r ∘ h.
  const reset = h.map((one, n) => g(at(1, n)) * one);
  sums.set(multiply(matrix(1, units, reset), recurrent).data.subarray(2 * units), 2 * units);
  return {h: h.map((old, n) => g(at(0, n)) * old + (1 - g(at(0, n))) * f(at(2, n))), c, sums, reset};
}

function asMatrix({shape, data}: Numbers): Matrix {
  return matrix(shape[0], shape[1], data);
}
