import {dispose, slice, type Tensor, tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {uniformsOf} from '../../numerics/random.ts';
import type {Packed} from '../../packed/packed.ts';
import {decodeKernel} from '../../packed/packedExecution.ts';
import type {LayerCheck} from '../../report/selfCheckReport.ts';
import {applyLayer} from '../../tfjsInternals.ts';

/** Samples of random inputs: of vectors more, for a convolution has many rows from few. */
const RANDOM_VECTORS = 8;
const RANDOM_IMAGES = 2;
/** Height and width where the layer leaves them open. */
const OPEN_SIZE = 16;

/** What two computations of the same outputs differ by. */
interface Difference {
  readonly maxError: number;
  readonly relativeError: number;
  readonly cosine: number;
  /** Whether it says anything: inputs and expected outputs are finite, and not all 0. */
  readonly isInformative: boolean;
}

/**
 * Compares a packed layer with tfjs's own of the same weights, on the active backend: on all samples together, and on the first alone,
 * because kernels for one sample are often others than those for many. A softmax or sigmoid is left out: saturated, it hides what is wrong.
 * @param inputs what the layer is called with, call by call, from the probe; where they say nothing - one is not finite, or all outputs
 *   are 0 - random ones take their place, and their opposites if a relu makes 0 of these, too
 * @param random where its random numbers lie: `[seed, layer]`
 */
export async function compareLayer(
  layer: Packed,
  inputs: readonly Tensor[][],
  random: readonly [number, number],
  tolerance: number,
): Promise<LayerCheck> {
  const shape = inputs.length > 0 ? inputs[0][0].shape : shapeOf(layer);
  const decoded = decodeKernel(layer, shape);
  try {
    const onProbe = await worstOn(layer, decoded, inputs);
    if (onProbe?.isInformative) return checkOf(layer, 'probe', onProbe, tolerance);
    return checkOf(layer, 'random', await worstOnRandom(layer, decoded, shape, random), tolerance);
  } finally {
    dispose(decoded.weights.map((weight) => weight.read()));
  }
}

function checkOf(
  {name, route}: Packed,
  inputs: LayerCheck['inputs'],
  {maxError, relativeError, cosine}: Difference,
  tolerance: number,
): LayerCheck {
  // Written so that NaN does not pass.
  return {
    name,
    route,
    inputs,
    maxError,
    relativeError,
    cosine,
    passed: Number.isFinite(maxError) && relativeError <= tolerance,
  };
}

async function worstOnRandom(
  layer: Packed,
  decoded: layers.Layer,
  shape: readonly number[],
  [seed, index]: readonly [number, number],
): Promise<Difference> {
  let worst: Difference | undefined;
  for (const sign of [1, -1]) {
    const input = randomInput(layer, shape, [seed, index], sign);
    try {
      worst = await worstOn(layer, decoded, [[input]]);
      if (worst?.isInformative) return worst;
    } finally {
      input.dispose();
    }
  }
  // An activation that gives 0 whatever comes, or numbers that are not finite: the first passes if it is exactly 0, the second never.
  return worst ?? {maxError: NaN, relativeError: NaN, cosine: NaN, isInformative: false};
}

/** The worst difference among those that tell something; where none does, among the others. */
async function worstOn(
  layer: Packed,
  decoded: layers.Layer,
  inputs: readonly Tensor[][],
): Promise<Difference | undefined> {
  let worst: Difference | undefined;
  for (const input of inputs) {
    for (const samples of new Set([input[0].shape[0], 1])) {
      const difference = await differenceOn(layer, decoded, input, samples);
      if (!worst || severityOf(difference) > severityOf(worst)) worst = difference;
    }
  }
  return worst;
}

function severityOf({relativeError, isInformative}: Difference): number {
  if (!isInformative) return relativeError === 0 ? -2 : -1;
  return Number.isNaN(relativeError) ? Infinity : relativeError;
}

async function differenceOn(
  layer: Packed,
  decoded: layers.Layer,
  input: readonly Tensor[],
  samples: number,
): Promise<Difference> {
  const x = input.map((one) => slice(one, 0, samples));
  const made: Tensor[] = [...x];
  try {
    const expected = applyLayer(decoded, x);
    made.push(...expected);
    const found = layer.callKernel(x);
    made.push(...found);
    const [given, wanted, got] = await Promise.all([x, expected, found].map(valuesOf));
    return {...differenceOf(wanted, got), isInformative: isInformative(given) && isInformative(wanted)};
  } finally {
    dispose(made);
  }
}

/** The numbers of all tensors, one after the other. */
async function valuesOf(tensors: readonly Tensor[]): Promise<Float32Array> {
  const parts = await Promise.all(tensors.map((one) => one.data<'float32'>()));
  return Float32Array.from(parts.flatMap((part) => Array.from(part)));
}

function isInformative(values: Float32Array): boolean {
  return values.some((value) => value !== 0) && values.every((value) => Number.isFinite(value));
}

function differenceOf(expected: Float32Array, found: Float32Array): Omit<Difference, 'isInformative'> {
  if (expected.length !== found.length) return {maxError: Infinity, relativeError: Infinity, cosine: NaN};
  let [maxError, largest, product, expectedSquares, foundSquares] = [0, 0, 0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(expected[i] - found[i]);
    if (!(error <= maxError)) maxError = Number.isNaN(maxError) ? maxError : error;
    largest = Math.max(largest, Math.abs(expected[i]));
    product += expected[i] * found[i];
    expectedSquares += expected[i] ** 2;
    foundSquares += found[i] ** 2;
  }
  return {
    maxError,
    relativeError: maxError === 0 ? 0 : maxError / largest,
    cosine: product / Math.sqrt(expectedSquares * foundSquares),
  };
}

/** The shape of a layer's inputs in its model, with a batch. */
function shapeOf(layer: Packed): number[] {
  const [shape] = [layer.getInputAt(0)].flat().map((input) => input.shape);
  return shape.map((size, axis) =>
    axis > 0 ? (size ?? OPEN_SIZE) : shape.length === 2 ? RANDOM_VECTORS : RANDOM_IMAGES,
  );
}

/** Uniform numbers of mean 0 and variance 1, or such as the layer takes. */
function randomInput(
  {adapter, wrapped}: Packed,
  shape: readonly number[],
  [seed, index]: readonly [number, number],
  sign: number,
): Tensor {
  const uniform = uniformsOf(seed, index, {first: 0, count: 1});
  const size = shape.reduce((product, length) => product * length, 1);
  const inputAt = adapter.packed?.(wrapped)?.inputAt;
  const numberAt = (i: number): number =>
    inputAt?.(wrapped, uniform(i, 0)) ?? sign * Math.sqrt(3) * (2 * uniform(i, 0) - 1);
  return tensor(
    Float32Array.from({length: size}, (_, i) => numberAt(i)),
    [...shape],
  );
}
