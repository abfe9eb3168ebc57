import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from '../../layers/adapter/kernelAdapter.ts';
import {matrix} from '../../numerics/linalg/matrix.ts';
import type {QuantizedLayer} from '../../records.ts';

/** Weights in one of the forms that a tfjs manifest can describe, with the numbers that tfjs decodes from it. */
export interface StoredForm {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  /** How the manifest maps codes to values; absent in float16. */
  readonly affine?: AffineMap | undefined;
  /** Little-endian, as in the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The decoded weights, float32. */
  readonly values: Float32Array;
}

/** value = code · scale + min. */
export interface AffineMap {
  readonly scale: number;
  readonly min: number;
}

/** A quantized kernel of a model. */
export interface QuantizedKernel {
  readonly layer: layers.Layer;
  readonly kernel: KernelAdapter;
  readonly record: QuantizedLayer;
}

/** The steps of a kernel with one step per channel: step = factor · unit, where the unit is a power of two. */
export interface ChannelScales {
  readonly unit: number;
  /** By neuron, of all matrices; 1 where the step is 0. */
  readonly factors: Float64Array;
}

/** A kernel without its steps, and the steps: weight = fround(letter · factor). */
export interface ChannelForm {
  readonly form: StoredForm;
  /** By neuron, of all matrices. */
  readonly factors: Float32Array;
}

const MAX_UINT8 = 255;

/**
 * The value that tfjs decodes a code to (tfjs-core 4.22, `decodeWeight`): computed in float64, rounded once to float32.
 */
export function affineValue(code: number, {scale, min}: AffineMap): number {
  return Math.fround(code * scale + min);
}

/**
 * A kernel whose letters share one step, as uint8 codes that tfjs decodes to exactly its weights: scale = step and min
 * = the lowest letter, or half of the step where pruned weights need a 0 between two letters.
 * @returns undefined if there is more than one step, or no uint8 map gives every weight
 */
export function findLetterForm({alphabet, matrices}: QuantizedLayer, kernel: Float32Array): StoredForm | undefined {
  const steps = new Set(matrices.flatMap(({scales}) => Array.from(scales.steps)).filter((step) => step > 0));
  if (steps.size > 1) return undefined;
  const [step = 1] = steps;
  const offset = matrices[0].scales.offsets?.[0] ?? 0;
  return findExactForm(kernel, step, step * (alphabet.lowest + alphabet.shift) + offset);
}

/**
 * A kernel with one step per channel as uint8 letters and float32 factors, whose float32 products are exactly its
 * weights: letters are multiples of a power of two.
 * @returns undefined if scales are of another kind, or a weight is not its letter times its step
 */
export function findChannelForm(target: QuantizedKernel, kernel: Float32Array): ChannelForm | undefined {
  const scales = findChannelScales(target.record);
  const form = scales && findUnitForm(target, kernel, scales.unit);
  return form && {form, factors: Float32Array.from(scales.factors)};
}

/** The scales of a kernel with one step per channel, as factors of a unit near the mean step; undefined for others. */
export function findChannelScales({matrices}: QuantizedLayer): ChannelScales | undefined {
  if (matrices.some(({scales: {groups, offsets}}) => groups !== 1 || offsets)) return undefined;
  const steps = matrices.flatMap(({scales}) => Array.from(scales.steps));
  const unit = powerOfTwoUnit(steps);
  return {unit, factors: Float64Array.from(steps, (step) => (step > 0 ? step / unit : 1))};
}

/**
 * A kernel without its steps: letter · unit as uint8 codes.
 * @returns undefined if a weight is not its letter times its step, or no uint8 map gives every letter
 */
export function findUnitForm(target: QuantizedKernel, kernel: Float32Array, unit: number): StoredForm | undefined {
  const {lowest, shift} = target.record.alphabet;
  const letters = lettersOf(target, kernel, unit);
  return letters && findExactForm(letters, unit, unit * (lowest + shift));
}

/** Uint8 codes in steps of `scale` from `min`, or in half steps, whichever first gives every weight. */
function findExactForm(weights: Float32Array, scale: number, min: number): StoredForm | undefined {
  return findExactCodes(weights, {scale, min}) ?? findExactCodes(weights, {scale: scale / 2, min});
}

/** Weights as uint8 codes that tfjs decodes to the same float32 numbers, up to the sign of a zero. */
function findExactCodes(weights: Float32Array, affine: AffineMap): StoredForm | undefined {
  const bytes = new Uint8Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const code = Math.round((weights[i] - affine.min) / affine.scale);
    if (!(code >= 0 && code <= MAX_UINT8 && affineValue(code, affine) === weights[i])) return undefined;
    bytes[i] = code;
  }
  return {dtype: 'uint8', affine, bytes, values: Float32Array.from(bytes, (code) => affineValue(code, affine))};
}

/** The power of two nearest to the mean step, on a logarithmic scale. */
function powerOfTwoUnit(steps: readonly number[]): number {
  const live = steps.filter((step) => step > 0);
  return live.length === 0 ? 1 : 2 ** Math.round(Math.log2(live.reduce((sum, step) => sum + step, 0) / live.length));
}

/** letter · unit of every weight, 0 where pruned; undefined if a weight is not its letter times its step. */
function lettersOf(
  {layer, kernel: adapter, record}: QuantizedKernel,
  kernel: Float32Array,
  unit: number,
): Float32Array | undefined {
  const shape = layer.weights[adapter.weight].shape.map(Number);
  const weights = adapter.toMatrices(kernel, shape);
  let isExact = true;
  const letters = record.matrices.map(({features, neurons, codes, mask, scales: {steps}}, p) =>
    matrix(
      features,
      neurons,
      Float64Array.from(codes, (code, i) => {
        const step = steps[i % neurons];
        const letter = mask?.[i] === 0 || step === 0 ? 0 : code + record.alphabet.shift;
        isExact &&= Math.fround(letter * step) === weights[p].data[i];
        return letter * unit;
      }),
    ),
  );
  return isExact ? adapter.fromMatrices(letters, shape) : undefined;
}
