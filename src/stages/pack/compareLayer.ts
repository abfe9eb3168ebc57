import {dispose, slice, type Tensor, tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {concatenate} from '../../numerics/concatenate.ts';
import {uniformsOf} from '../../numerics/random.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import type {Packed} from '../../packed/packed.ts';
import {decodeKernel} from '../../packed/packedExecution.ts';
import type {LayerCheck} from '../../report/selfCheckReport.ts';
import {applyLayer} from '../../tfjsInternals.ts';

/** Samples of random inputs: fewer images than vectors, because a convolution makes many rows of each. */
const RANDOM_VECTORS = 8;
const RANDOM_IMAGES = 2;
/** Height and width if the layer leaves them open. */
const OPEN_SIZE = 16;

/** The difference between two computations of the same outputs. */
interface Difference {
  readonly maxError: number;
  readonly relativeError: number;
  readonly cosine: number;
}

/**
 * One comparison: silent if it could not have found an error, because inputs or expected outputs are all 0, or not
 * finite.
 */
interface Comparison {
  readonly kind: 'informative' | 'silent';
  readonly difference: Difference;
}

/**
 * Compares a packed layer with tfjs's own of the same weights, on the active backend: on all samples together, and on
 * the first sample alone, because kernels for one sample often differ from those for many. A softmax or sigmoid is left
 * out, because it hides errors where it is saturated.
 * @param inputs the inputs of the layer for the probe, call by call. If all comparisons on them are silent, random
 *   inputs are used instead, negated if a relu still gives only 0
 * @param random the stream of their random numbers: `[seed, layer]`
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
    const onProbe = await compareOn(layer, decoded, inputs);
    if (onProbe?.kind === 'informative') return checkOf(layer, 'probe', onProbe.difference, tolerance);
    return checkOf(layer, 'random', await compareOnRandom(layer, decoded, shape, random), tolerance);
  } finally {
    dispose(decoded.weights.map((weight) => weight.read()));
  }
}

function checkOf(
  {name, route}: Packed,
  inputs: LayerCheck['inputs'],
  difference: Difference,
  tolerance: number,
): LayerCheck {
  // Neither condition holds for NaN.
  const passed = Number.isFinite(difference.maxError) && difference.relativeError <= tolerance;
  return {name, route, inputs, ...difference, passed};
}

/** Silent comparisons count, too: a layer whose outputs are always 0 passes if the packed layer gives exactly 0. */
async function compareOnRandom(
  layer: Packed,
  decoded: layers.Layer,
  shape: readonly number[],
  [seed, index]: readonly [number, number],
): Promise<Difference> {
  let worst: Comparison | undefined;
  for (const sign of [1, -1]) {
    const input = randomInput(layer, shape, [seed, index], sign);
    try {
      worst = await compareOn(layer, decoded, [[input]]);
      if (worst?.kind === 'informative') break;
    } finally {
      input.dispose();
    }
  }
  return worst?.difference ?? {maxError: NaN, relativeError: NaN, cosine: NaN};
}

/** The worst comparison over all calls, on all samples and on the first alone. */
async function compareOn(
  layer: Packed,
  decoded: layers.Layer,
  inputs: readonly Tensor[][],
): Promise<Comparison | undefined> {
  let worst: Comparison | undefined;
  for (const input of inputs) {
    for (const samples of new Set([input[0].shape[0], 1])) {
      const comparison = await compareSamples(layer, decoded, input, samples);
      if (!worst || isWorse(comparison, worst)) worst = comparison;
    }
  }
  return worst;
}

/** Informative comparisons outweigh silent ones. Of informative ones NaN is the worst, of silent ones any error. */
function isWorse({kind, difference: {relativeError}}: Comparison, than: Comparison): boolean {
  if (kind !== than.kind) return kind === 'informative';
  if (kind === 'silent') return relativeError !== 0 && than.difference.relativeError === 0;
  const [one, other] = [relativeError, than.difference.relativeError].map((e) => (Number.isNaN(e) ? Infinity : e));
  return one > other;
}

async function compareSamples(
  layer: Packed,
  decoded: layers.Layer,
  input: readonly Tensor[],
  samples: number,
): Promise<Comparison> {
  const x = input.map((one) => slice(one, 0, samples));
  const made: Tensor[] = [...x];
  try {
    const expected = applyLayer(decoded, x);
    made.push(...expected);
    const found = layer.callKernel(x);
    made.push(...found);
    const [given, wanted, got] = await Promise.all([x, expected, found].map(valuesOf));
    const kind = isInformative(given) && isInformative(wanted) ? 'informative' : 'silent';
    return {kind, difference: differenceOf(wanted, got)};
  } finally {
    dispose(made);
  }
}

/** The numbers of all tensors, one after the other. */
async function valuesOf(tensors: readonly Tensor[]): Promise<Float32Array> {
  return concatenate(await Promise.all(tensors.map((one) => one.data<'float32'>())), Float32Array);
}

function isInformative(values: Float32Array): boolean {
  return values.some((value) => value !== 0) && values.every((value) => Number.isFinite(value));
}

function differenceOf(expected: Float32Array, found: Float32Array): Difference {
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

/** The shape of a layer's random inputs: that of its inputs in the model, with a batch size. */
function shapeOf(layer: Packed): number[] {
  const [shape] = [layer.getInputAt(0)].flat().map((input) => input.shape);
  const samples = shape.length === 2 ? RANDOM_VECTORS : RANDOM_IMAGES;
  return shape.map((size, axis) => (axis === 0 ? samples : (size ?? OPEN_SIZE)));
}

/** Uniform numbers of mean 0 and variance 1, or numbers that are valid inputs of the layer. */
function randomInput(
  {adapter, wrapped}: Packed,
  shape: readonly number[],
  [seed, index]: readonly [number, number],
  sign: number,
): Tensor {
  const uniform = uniformsOf(seed, index, {first: 0, count: 1});
  const size = sizeOf(shape);
  const inputAt = adapter.packed?.(wrapped)?.inputAt;
  const numberAt = (i: number): number =>
    inputAt?.(wrapped, uniform(i, 0)) ?? sign * Math.sqrt(3) * (2 * uniform(i, 0) - 1);
  return tensor(
    Float32Array.from({length: size}, (_, i) => numberAt(i)),
    [...shape],
  );
}
