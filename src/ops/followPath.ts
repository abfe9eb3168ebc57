import {engine, getBackend, getKernel, tensor1d, tensor2d, type Tensor} from '@tensorflow/tfjs-core';
import {BackendError} from '../errors.ts';
import type {Alphabet} from '../numerics/alphabet.ts';
import {type Matrix, matrix} from '../numerics/matrix.ts';
import {followPath, type Path} from '../numerics/pathFollowing.ts';
import {seedKey, uniformsOf} from '../numerics/random.ts';
import {type Scales, stepAt} from '../numerics/scales.ts';
import {quantizers, type Rounding} from '../stochastic/index.ts';
import {kernelAttrs, kernelInputs} from './kernel.ts';

/** The name under which backends register their kernel of this op. */
export const FOLLOW_PATH = 'FollowPath';

/** Where the letters come from: one path through one layer's weights. */
export interface PathChoice {
  readonly alphabet: Alphabet;
  readonly scales: Scales;
  readonly rounding: Rounding;
  readonly seed: number;
  /** The number of the layer in its model. */
  readonly layer: number;
  /** The number of the first neuron in its layer: not 0 for the later ones of several problems. */
  readonly firstNeuron: number;
  /** Which stochastic path. */
  readonly path: number;
}

/** A path with its codes. */
export interface CodedPath extends Path {
  /** `[features, neurons]`. */
  readonly codes: Int16Array;
}

/** Follows any number of paths through the same aligned weights, holding them where the kernel wants them. */
export interface PathFollower {
  /** Which implementation runs: `'reference'`, or the backend whose kernel does. */
  readonly kernel: string;
  follow(choice: PathChoice): Promise<CodedPath>;
  dispose(): void;
}

/** The tensors of a `FollowPath` kernel. It returns codes (int32) and drift (float32), both `[features, neurons]`. */
export interface FollowPathInputs {
  /** W̃ `[features, neurons]`. */
  readonly aligned: Tensor;
  /** F `[features, features]`. */
  readonly feedback: Tensor;
  /** `[groups · neurons]`, and 1 / steps: WGSL division is not correctly rounded. */
  readonly steps: Tensor;
  readonly inverseSteps: Tensor;
}

/** The plain values of a `FollowPath` kernel. */
export interface FollowPathAttrs {
  readonly alphabet: Alphabet;
  readonly groupSize: number;
  readonly rounding: Rounding;
  /** The two words of the seed. */
  readonly key: readonly [number, number];
  readonly layer: number;
  readonly firstNeuron: number;
  readonly path: number;
}

/** Fewer neurons than this leave a device idle: one invocation follows one neuron. */
const FEWEST_NEURONS_ON_DEVICE = 4;

/**
 * The op `FollowPath`: {@link followPath} with a quantizing T, on the active backend's kernel where one is registered,
 * else on the float64 reference. Same seed, same codes.
 * @param aligned W̃ `[features, neurons]`
 * @param feedback F `[features, features]`, strictly lower triangular
 * @param strict refuse the reference where a kernel could have run
 * @throws BackendError if `strict` and the active backend has no kernel
 */
export function pathFollower(aligned: Matrix, feedback: Matrix, {strict = false}: {readonly strict?: boolean} = {}): PathFollower {
  if (strict) requireKernel();
  const backend = getBackend();
  return getKernel(FOLLOW_PATH, backend) && aligned.columns >= FEWEST_NEURONS_ON_DEVICE ? deviceFollower(aligned, feedback, backend) : referenceFollower(aligned, feedback);
}

/** @throws BackendError if the active backend has no kernel of this op */
export function requireKernel(): void {
  const backend = getBackend();
  if (getKernel(FOLLOW_PATH, backend)) return;
  throw new BackendError(
    `FollowPath: expected a kernel on backend '${backend}' because strictKernels is set, found none; ` +
    `import 'tfjs-compress/plugins/webgpu' and use the backend 'webgpu', or leave strictKernels out to run the reference`);
}

function referenceFollower(aligned: Matrix, feedback: Matrix): PathFollower {
  return {
    kernel: 'reference',
    dispose: () => undefined,
    follow: (choice) => Promise.resolve(followReference(aligned, feedback, choice)),
  };
}

function followReference(aligned: Matrix, feedback: Matrix, {alphabet, scales, rounding, seed, layer, firstNeuron, path}: PathChoice): CodedPath {
  const {columns: neurons} = aligned;
  const operator = quantizers[rounding];
  const uniform = operator.random ? uniformsOf(seed, layer, {first: firstNeuron, count: neurons}, path) : () => 0;
  const codes = new Int16Array(aligned.data.length);
  const followed = followPath(aligned, feedback, (x, t, n) => {
    const step = stepAt(scales, t, n);
    const code = codeAt(x, step, uniform(t, n), operator.code, alphabet);
    codes[t * neurons + n] = code;
    return Math.fround(step * (code + alphabet.shift));
  });
  return {...followed, codes};
}

/** A step of 0 stands for a set of zero weights: every letter is 0, and the code that of the letter nearest to 0. */
function codeAt(x: number, step: number, uniform: number, code: (y: number, u: number, alphabet: Alphabet) => number, alphabet: Alphabet): number {
  return step > 0 ? code(x / step, uniform, alphabet) : 0;
}

function deviceFollower(aligned: Matrix, feedback: Matrix, backend: string): PathFollower {
  const weights = tensor2d(Float32Array.from(aligned.data), [aligned.rows, aligned.columns]);
  const lower = tensor2d(Float32Array.from(feedback.data), [feedback.rows, feedback.columns]);
  return {
    kernel: backend,
    dispose: () => { weights.dispose(); lower.dispose(); },
    async follow({alphabet, scales, rounding, seed, layer, firstNeuron, path}) {
      const steps = tensor1d(Float32Array.from(scales.steps));
      const inverseSteps = tensor1d(Float32Array.from(scales.steps, (step) => (step > 0 ? 1 / step : 0)));
      const attrs: FollowPathAttrs = {alphabet, groupSize: scales.groupSize, rounding, key: seedKey(seed), layer, firstNeuron, path};
      const outputs: Tensor[] = [];
      try {
        outputs.push(...engine().runKernel<Tensor[]>(FOLLOW_PATH, kernelInputs({aligned: weights, feedback: lower, steps, inverseSteps}), kernelAttrs(attrs)));
        const [codes, drift] = await Promise.all(outputs.map((output) => output.data()));
        return pathFrom(Int16Array.from(codes), Float64Array.from(drift), aligned, scales, alphabet);
      } finally {
        [steps, inverseSteps, ...outputs].forEach((tensor) => { tensor.dispose(); });
      }
    },
  };
}

function pathFrom(codes: Int16Array, drift: Float64Array, {rows, columns}: Matrix, scales: Scales, {shift}: Alphabet): CodedPath {
  const values = matrix(rows, columns);
  for (let i = 0; i < codes.length; i++) {
    values.data[i] = Math.fround(stepAt(scales, Math.floor(i / columns), i % columns) * (codes[i] + shift));
  }
  return {codes, values, drift: matrix(rows, columns, drift)};
}
