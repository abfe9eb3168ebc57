import {uniformAlphabet} from '../../src/numerics/alphabet.ts';
import {type Matrix, matrix, transpose} from '../../src/numerics/matrix.ts';
import {meanSquareScale} from '../../src/numerics/meanSquareScale.ts';
import {pathFeedback} from '../../src/numerics/pathFeedback.ts';
import {followPath} from '../../src/numerics/pathFollowing.ts';
import {multiply} from '../../src/numerics/product.ts';
import {uniformAt} from '../../src/numerics/random.ts';
import {type Granularity, stepAt} from '../../src/numerics/scales.ts';
import type {CodedPath, PathChoice} from '../../src/ops/followPath.ts';
import {quantizers, type Rounding} from '../../src/stochastic/index.ts';

/** Weights, and what they feel of each other's errors. */
export interface PathProblem {
  readonly aligned: Matrix;
  readonly feedback: Matrix;
}

/** What a path through a problem is made of. */
export interface PathCase {
  readonly levels: number;
  readonly rounding: Rounding;
  readonly granularity: Granularity;
  readonly scaling: number;
  readonly path: number;
}

// Above 2³², so that both words of the key count.
const SEED = 3 * 2 ** 32 + 5;
const ROWS = 512;

const grams = new Map<number, Matrix>();

/** H = XᵀX of 512 rows of a ReLU layer's outputs; Gaussian weights of a usual size, in float32 as tensors hold them. */
export function pathProblem(features: number, neurons: number, scaling: number): PathProblem {
  const gram = grams.get(features) ?? gramOf(features);
  grams.set(features, gram);
  const aligned = matrix(features, neurons, gaussian(1, features, neurons).data.map((value) => Math.fround(value / Math.sqrt(features))));
  return {aligned, feedback: pathFeedback(gram, {kind: 'path', scaling})};
}

function gramOf(features: number): Matrix {
  const inputs = gaussian(2, ROWS, features);
  const relu = matrix(ROWS, features, inputs.data.map((value) => Math.max(0, value)));
  return multiply(transpose(relu), relu);
}

/** Standard normal numbers by the transform of Box and Muller, from the library's own generator. */
export function gaussian(seed: number, rows: number, columns: number): Matrix {
  const uniform = (i: number, which: number) => uniformAt(seed, 0, 4 * (i % columns) + which, Math.floor(i / columns));
  const values = Float64Array.from({length: rows * columns}, (_, i) => Math.sqrt(-2 * Math.log(1 - uniform(i, 0))) * Math.cos(2 * Math.PI * uniform(i, 1)));
  return matrix(rows, columns, values);
}

export function choiceOf({aligned}: PathProblem, {levels, rounding, granularity, path}: PathCase): PathChoice {
  const alphabet = uniformAlphabet({levels});
  return {alphabet, scales: meanSquareScale(aligned, alphabet, granularity), rounding, seed: SEED, layer: 3, firstNeuron: 7, path};
}

/** The path in float64, from the numerics alone. */
export function expectedPath({aligned, feedback}: PathProblem, {alphabet, scales, rounding, seed, layer, firstNeuron, path}: PathChoice): CodedPath {
  const codes = new Int16Array(aligned.data.length);
  const followed = followPath(aligned, feedback, (x, t, n) => {
    const step = stepAt(scales, t, n);
    const code = step > 0 ? quantizers[rounding].code(x / step, uniformAt(seed, layer, t, firstNeuron + n, path), alphabet) : 0;
    codes[t * aligned.columns + n] = code;
    return Math.fround(step * (code + alphabet.shift));
  });
  return {...followed, codes};
}
