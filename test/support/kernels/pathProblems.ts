import {
  followPath,
  type Matrix,
  matrix,
  meanSquareScale,
  multiply,
  pathFeedback,
  transpose,
} from 'tfjs-compress/numerics';
import type {Mask} from '../../../src/numerics/linalg/mask.ts';
import {uniformAt} from '../../../src/numerics/random.ts';
import {type Granularity, groupSizeOf, type Scales, stepAt} from '../../../src/numerics/scales/scales.ts';
import {uniformAlphabet} from '../../../src/numerics/stochastic/alphabet.ts';
import {reals} from '../../../src/numerics/stochastic/alphabet.ts';
import {type OperatorKind, operators, type Rounding} from '../../../src/numerics/stochastic/index.ts';
import type {CodedPath, PathChoice} from '../../../src/ops/followPath.ts';

/** Weights, and what they feel of each other's errors. */
export interface PathProblem {
  readonly aligned: Matrix;
  readonly feedback: Matrix;
}

/** What a path through a problem is made of. */
export interface PathCase {
  /** Default `'quantizer'`. */
  readonly kind?: OperatorKind;
  /** Letters, of a T that rounds to some. */
  readonly levels: number;
  readonly rounding: Rounding;
  readonly granularity: Granularity;
  readonly scaling: number;
  readonly path: number;
  /** c of a T that prunes, in standard deviations of the weights. Default 0. */
  readonly threshold?: number;
  /** Whether a third of the weights is pruned beforehand. Default false. */
  readonly masked?: boolean;
}

// Above 2³², so that both words of the key count.
const SEED = 3 * 2 ** 32 + 5;
const ROWS = 512;

const grams = new Map<number, Matrix>();

/** H = XᵀX of 512 rows of a ReLU layer's outputs; Gaussian weights of a usual size, in float32 as tensors hold them. */
export function pathProblem(features: number, neurons: number, scaling: number): PathProblem {
  const gram = grams.get(features) ?? gramOf(features);
  grams.set(features, gram);
  const aligned = matrix(
    features,
    neurons,
    gaussian(1, features, neurons).data.map((value) => Math.fround(value / Math.sqrt(features))),
  );
  return {aligned, feedback: pathFeedback(gram, {kind: 'path', scaling})};
}

function gramOf(features: number): Matrix {
  const inputs = gaussian(2, ROWS, features);
  const relu = matrix(
    ROWS,
    features,
    inputs.data.map((value) => Math.max(0, value)),
  );
  return multiply(transpose(relu), relu);
}

/** Standard normal numbers by the transform of Box and Muller, from the library's own generator. */
export function gaussian(seed: number, rows: number, columns: number): Matrix {
  const uniform = (i: number, which: number) => uniformAt(seed, 0, 4 * (i % columns) + which, Math.floor(i / columns));
  const values = Float64Array.from(
    {length: rows * columns},
    (_, i) => Math.sqrt(-2 * Math.log(1 - uniform(i, 0))) * Math.cos(2 * Math.PI * uniform(i, 1)),
  );
  return matrix(rows, columns, values);
}

export function choiceOf(
  {aligned}: PathProblem,
  {kind = 'quantizer', levels, rounding, granularity, path, threshold = 0, masked = false}: PathCase,
): PathChoice {
  const alphabet = kind === 'pruner' ? reals : uniformAlphabet({levels});
  const scales = kind === 'pruner' ? unitScales(aligned, granularity) : meanSquareScale(aligned, alphabet, granularity);
  return {
    kind,
    rounding,
    alphabet,
    scales,
    threshold: threshold / Math.sqrt(aligned.rows),
    mask: masked ? maskOf(aligned) : undefined,
    seed: SEED,
    layer: 3,
    firstNeuron: 7,
    path,
  };
}

function unitScales({rows, columns}: Matrix, granularity: Granularity): Scales {
  const groupSize = groupSizeOf(granularity, rows);
  const groups = Math.ceil(rows / groupSize);
  return {groupSize, groups, neurons: columns, steps: new Float64Array(groups * columns).fill(1)};
}

function maskOf({rows, columns}: Matrix): Mask {
  return Uint8Array.from({length: rows * columns}, (_, i) =>
    uniformAt(4, 0, Math.floor(i / columns), i % columns) < 1 / 3 ? 0 : 1,
  );
}

/** The path in float64, from the numerics alone. */
export function expectedPath({aligned, feedback}: PathProblem, choice: PathChoice): CodedPath {
  const {alphabet, scales, mask, seed, layer, firstNeuron, path} = choice;
  const operator = operators[choice.kind][choice.rounding];
  const codes = new Int16Array(aligned.data.length);
  const followed = followPath(aligned, feedback, (x, t, n) => {
    const i = t * aligned.columns + n;
    const step = stepAt(scales, t, n);
    let code = 0;
    if (mask?.[i] === 0) code = -alphabet.shift;
    else if (step > 0)
      code = operator.code(
        x / step,
        uniformAt(seed, layer, t, firstNeuron + n, path),
        alphabet,
        choice.threshold / step,
      );
    codes[i] = code;
    return Math.fround(step * (code + alphabet.shift));
  });
  return {...followed, codes};
}
