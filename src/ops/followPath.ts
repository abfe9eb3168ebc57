import {dispose, engine, getBackend, getKernel, type Tensor, tensor1d, tensor2d} from '@tensorflow/tfjs-core';
import {BackendError} from '../errors.ts';
import type {Mask} from '../numerics/linalg/mask.ts';
import {type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import {followPath, type Path} from '../numerics/path/pathFollowing.ts';
import {seedKey, uniformsOf} from '../numerics/random.ts';
import {type Scales, stepAt} from '../numerics/scales/scales.ts';
import type {Alphabet} from '../numerics/stochastic/alphabet.ts';
import {type OperatorKind, operators, type Rounding} from '../numerics/stochastic/index.ts';
import type {StochasticOperator} from '../numerics/stochastic/stochasticOperator.ts';
import {immediately, type TaskRunner} from '../numerics/task.ts';
import {deviceLimit} from '../tfjsInternals.ts';
import {backendAttrs, backendInputs} from './kernel.ts';

/** The name under which backends register their kernel of this op. */
export const FOLLOW_PATH = 'FollowPath';

/** How the letters of one path through one layer's weights are chosen. */
export interface PathChoice {
  /** T, with the rounding. */
  readonly kind: OperatorKind;
  readonly rounding: Rounding;
  readonly alphabet: Alphabet;
  readonly scales: Scales;
  /** c of a T that prunes, in units of the weights; 0 for one that does not. */
  readonly threshold: number;
  /** Weights whose mask is 0 become 0, regardless of T. */
  readonly mask?: Mask | undefined;
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
  /**
   * `[features, neurons]`; for a weight that T or the mask made 0, the code nearest to 0. Meaningless if T only prunes.
   */
  readonly codes: Int16Array;
}

/** Follows any number of paths through the same aligned weights, holding them where the kernel wants them. */
export interface PathFollower {
  /** Which implementation runs: `'reference'`, or the backend whose kernel does. */
  readonly kernel: string;
  follow(choice: PathChoice): Promise<CodedPath>;
  dispose(): void;
}

/**
 * The tensors of a `FollowPath` kernel. It returns codes and drift, both float32 `[features, neurons]`;
 * the code of a 0 that is no letter is −shift, and that of an unrounded weight the weight in steps.
 */
export interface FollowPathInputs {
  /** W̃ `[features, neurons]`. */
  readonly aligned: Tensor;
  /** F `[features, features]`. */
  readonly feedback: Tensor;
  /** `[groups · neurons]`, and 1 / steps: WGSL division is not correctly rounded. */
  readonly steps: Tensor;
  readonly inverseSteps: Tensor;
  /** `[features, neurons]` of 0 and 1, where some weights are pruned. */
  readonly mask?: Tensor;
}

/** The plain values of a `FollowPath` kernel. */
export interface FollowPathAttrs {
  readonly kind: OperatorKind;
  readonly rounding: Rounding;
  readonly alphabet: Alphabet;
  readonly groupSize: number;
  readonly threshold: number;
  /** The two words of the seed. */
  readonly key: readonly [number, number];
  readonly layer: number;
  readonly firstNeuron: number;
  readonly path: number;
}

/** How paths are followed. */
export interface FollowerOptions {
  /** Whether the reference is refused where a kernel could have run. Default false. */
  readonly strict?: boolean;
  /** Its checkpoint is awaited between the blocks of the reference. */
  readonly runner?: TaskRunner;
  /** Bytes of the largest buffer that the backend's kernel can read. Default: the limit of its device. */
  readonly maxBytes?: number;
}

/** Fewer neurons than this leave a device idle: one invocation follows one neuron. */
const MIN_NEURONS_ON_DEVICE = 4;

/**
 * The op `FollowPath`: {@link followPath} with any T, on the active backend's kernel where one is registered, else on
 * the float64 reference. Same seed, same codes.
 * @param aligned W̃ `[features, neurons]`
 * @param feedback F `[features, features]`, strictly lower triangular
 * @throws BackendError if `strict` and the active backend has no kernel, or its device cannot bind a matrix of this
 *   size
 */
export function pathFollower(aligned: Matrix, feedback: Matrix, options: FollowerOptions = {}): PathFollower {
  const {strict = false, runner = immediately, maxBytes = maxBufferBytes()} = options;
  if (strict) requirePathKernel();
  const backend = getBackend();
  const bytes = 4 * aligned.rows * Math.max(aligned.rows, aligned.columns);
  if (strict && bytes > maxBytes)
    throw new BackendError(
      `FollowPath: expected matrices of at most ${maxBytes} bytes, which the device of '${backend}' can bind, ` +
        `got ${bytes} for ${aligned.rows} features; leave strictKernels out to run the reference`,
    );
  const fits = aligned.columns >= MIN_NEURONS_ON_DEVICE && bytes <= maxBytes;
  return fits && getKernel(FOLLOW_PATH, backend)
    ? deviceFollower(aligned, feedback, backend)
    : referenceFollower(aligned, feedback, runner);
}

/** @throws BackendError if the active backend has no kernel of this op */
export function requirePathKernel(): void {
  const backend = getBackend();
  if (getKernel(FOLLOW_PATH, backend)) return;
  throw new BackendError(
    `FollowPath: expected a kernel on backend '${backend}' because strictKernels is set, found none; ` +
      "import 'tfjs-compress/plugins/webgpu' and use the backend 'webgpu', " +
      'or leave strictKernels out to run the reference',
  );
}

function referenceFollower(aligned: Matrix, feedback: Matrix, runner: TaskRunner): PathFollower {
  return {
    kernel: 'reference',
    dispose: () => undefined,
    follow: (choice) => followReference(aligned, feedback, choice, runner),
  };
}

async function followReference(
  aligned: Matrix,
  feedback: Matrix,
  choice: PathChoice,
  runner: TaskRunner,
): Promise<CodedPath> {
  const {alphabet, scales, mask, seed, layer, firstNeuron, path} = choice;
  const {columns: neurons} = aligned;
  const operator = operators[choice.kind][choice.rounding];
  const uniform = operator.random ? uniformsOf(seed, layer, {first: firstNeuron, count: neurons}, path) : () => 0;
  const codes = new Int16Array(aligned.data.length);
  const task = followPath(aligned, feedback, (x, t, n) => {
    const i = t * neurons + n;
    const step = stepAt(scales, t, n);
    const code = mask?.[i] === 0 ? -alphabet.shift : codeAt(x, step, uniform(t, n), operator, choice);
    codes[i] = code;
    return Math.fround(step * (code + alphabet.shift));
  });
  return {...(await runner.run(task)), codes};
}

/** A step of 0 stands for a set of zero weights: every letter is 0, and the code that of the letter nearest to 0. */
function codeAt(
  x: number,
  step: number,
  uniform: number,
  {code}: StochasticOperator,
  {alphabet, threshold}: PathChoice,
): number {
  return step > 0 ? code(x / step, uniform, alphabet, threshold / step) : 0;
}

function deviceFollower(aligned: Matrix, feedback: Matrix, backend: string): PathFollower {
  const weights = tensor2d(Float32Array.from(aligned.data), [aligned.rows, aligned.columns]);
  const lower = tensor2d(Float32Array.from(feedback.data), [feedback.rows, feedback.columns]);
  return {
    kernel: backend,
    dispose: () => {
      weights.dispose();
      lower.dispose();
    },
    async follow({scales, mask, seed, ...choice}) {
      const steps = tensor1d(Float32Array.from(scales.steps));
      const inverseSteps = tensor1d(Float32Array.from(scales.steps, (step) => (step > 0 ? 1 / step : 0)));
      const kept = mask && {mask: tensor2d(Float32Array.from(mask), [aligned.rows, aligned.columns])};
      const attrs: FollowPathAttrs = {...choice, groupSize: scales.groupSize, key: seedKey(seed)};
      const outputs: Tensor[] = [];
      try {
        outputs.push(
          ...engine().runKernel<Tensor[]>(
            FOLLOW_PATH,
            backendInputs({aligned: weights, feedback: lower, steps, inverseSteps, ...kept}),
            backendAttrs(attrs),
          ),
        );
        const [codes, drift] = await Promise.all(outputs.map((output) => output.data<'float32'>()));
        return pathFrom(codes, Float64Array.from(drift), aligned, scales, choice.alphabet);
      } finally {
        dispose([steps, inverseSteps, kept?.mask ?? [], outputs]);
      }
    },
  };
}

function pathFrom(
  codes: Float32Array,
  drift: Float64Array,
  {rows, columns}: Matrix,
  scales: Scales,
  {shift}: Alphabet,
): CodedPath {
  const values = matrix(rows, columns);
  for (let i = 0; i < codes.length; i++) {
    values.data[i] = Math.fround(stepAt(scales, Math.floor(i / columns), i % columns) * (codes[i] + shift));
  }
  return {codes: Int16Array.from(codes), values, drift: matrix(rows, columns, drift)};
}

/** Bytes of the largest buffer that a kernel of the active backend can read; only WebGPU devices have a limit. */
export function maxBufferBytes(): number {
  return deviceLimit('maxStorageBufferBindingSize') ?? Infinity;
}
