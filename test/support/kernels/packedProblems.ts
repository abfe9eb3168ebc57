import {tensor1d, type Tensor2D, tensor2d, type Tensor4D, tensor4d, tidy} from '@tensorflow/tfjs-core';
import type {Packing, UnpackedMatrices} from '../../../src/numerics/coding/packing.ts';
import type {NofM} from '../../../src/numerics/linalg/mask.ts';
import {packedOperand} from '../../../src/ops/packed/packedOperand.ts';
import {
  type FusedActivation,
  packedConv2d,
  packedDepthwiseConv2d,
  packedGather,
  packedMatMul,
  type PackedWindows,
} from '../../../src/ops/packed/packedOps.ts';
import {uniforms} from '../numerics/randomMatrices.ts';

/** The weights of a case. */
export interface PackedWeightsCase {
  readonly levels: number;
  /** Features that share a step; all of them if not given. */
  readonly groupSize?: number;
  readonly offsets?: boolean;
  /** Half of the weights pruned, anywhere or n of m. */
  readonly zeros?: 'plane' | NofM | undefined;
}

/** What a case computes with them. */
export interface PackedCase extends PackedWeightsCase {
  readonly batch: number;
  readonly neurons: number;
  readonly bias?: boolean;
  readonly activation?: FusedActivation;
}

/** Images and windows of a convolution. */
export interface WindowCase {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly padding?: 'same' | 'valid';
}

/**
 * The largest difference between what the active backend computes and a float64 computation from codes, relative to
 * the largest output.
 */
export async function errorOfMatMul(given: PackedCase & {readonly features: number}): Promise<number> {
  const {batch, features, neurons} = given;
  const problem = packedProblem(given, 1, features, batch * features);
  const expected = new Float64Array(batch * neurons);
  for (let i = 0; i < expected.length; i++) {
    for (let t = 0; t < features; t++)
      expected[i] += problem.x[Math.floor(i / neurons) * features + t] * problem.weights[t * neurons + (i % neurons)];
  }
  const x = () => tensor2d(problem.x, [batch, features]);
  return errorOf(problem, given, expected, neurons, (operand, epilogue) => packedMatMul(x(), operand, epilogue));
}

/** The same for a convolution, over all channels or, `'depthwise'`, channel by channel. */
export async function errorOfConvolution(
  given: PackedCase & WindowCase & {readonly kind: 'full' | 'depthwise'},
  op = given.kind === 'full' ? packedConv2d : packedDepthwiseConv2d,
): Promise<number> {
  const {
    batch,
    height,
    width,
    channels,
    neurons,
    kind,
    kernel: [down, right],
  } = given;
  const windows = windowsOf(given);
  const problems = kind === 'full' ? 1 : channels;
  const features = down * right * (kind === 'full' ? channels : 1);
  const problem = packedProblem(given, problems, features, batch * height * width * channels);
  const outputs = problems * neurons;
  const expected = new Float64Array(batch * windows.outHeight * windows.outWidth * outputs);
  for (let i = 0; i < expected.length; i++) {
    const output = i % outputs;
    const channel = Math.floor(output / neurons);
    const [row, column] = [
      Math.floor(i / outputs / windows.outWidth) % windows.outHeight,
      Math.floor(i / outputs) % windows.outWidth,
    ];
    for (let t = 0; t < features; t++) {
      const tap = kind === 'full' ? Math.floor(t / channels) : t;
      const y = row * windows.strides[0] + Math.floor(tap / right) * windows.dilations[0] - windows.top;
      const x = column * windows.strides[1] + (tap % right) * windows.dilations[1] - windows.left;
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const image = Math.floor(i / outputs / windows.outWidth / windows.outHeight);
      const at = ((image * height + y) * width + x) * channels + (kind === 'full' ? t % channels : channel);
      expected[i] +=
        problem.x[at] *
        problem.weights[((kind === 'full' ? 0 : channel) * features + t) * neurons + (output % neurons)];
    }
  }
  const x = () => tensor4d(problem.x, [batch, height, width, channels]);
  return errorOf(problem, given, expected, outputs, (operand, epilogue) => op(x(), operand, windows, epilogue));
}

/** The same for rows of several problems that are looked up; `batch` is their number. */
export async function errorOfGather(
  given: PackedCase & {readonly features: number; readonly problems: number; readonly dtype: 'int32' | 'float32'},
): Promise<number> {
  const {batch, features, neurons, problems, dtype} = given;
  // All rows except the last one of the last problem, which is padding.
  const rows = problems * features - 1;
  const problem = packedProblem(given, problems, features, 0);
  const indices = Int32Array.from({length: batch}, (_, i) => (i * 7919) % rows);
  const expected = Float64Array.from(
    {length: batch * neurons},
    (_, i) => problem.weights[indices[Math.floor(i / neurons)] * neurons + (i % neurons)],
  );
  return errorOf(problem, {...given, bias: false, activation: 'linear'}, expected, neurons, (operand) =>
    packedGather(tensor1d(Array.from(indices), dtype), operand, rows),
  );
}

/** Windows as tfjs places them: with `'same'` an odd zero is after the input. */
export function windowsOf({
  height,
  width,
  kernel,
  strides = [1, 1],
  dilations = [1, 1],
  padding = 'same',
}: WindowCase): PackedWindows {
  const along = (size: number, taps: number, stride: number, dilation: number) => {
    const extent = (taps - 1) * dilation + 1;
    if (padding === 'valid') return {out: Math.floor((size - extent) / stride) + 1, before: 0};
    const out = Math.ceil(size / stride);
    return {out, before: Math.floor(Math.max(0, (out - 1) * stride + extent - size) / 2)};
  };
  const y = along(height, kernel[0], strides[0], dilations[0]);
  const x = along(width, kernel[1], strides[1], dilations[1]);
  return {outHeight: y.out, outWidth: x.out, kernel, strides, dilations, top: y.before, left: x.before};
}

interface PackedProblem {
  readonly packing: Packing;
  readonly matrices: UnpackedMatrices;
  /** `[problems · features, neurons]`, float64 from codes, not from words. */
  readonly weights: Float64Array;
  readonly x: Float32Array;
}

/** Random letters, steps, offsets and zeros. */
export function packedProblem(
  {levels, groupSize: given, offsets, zeros, neurons}: PackedCase,
  problems: number,
  features: number,
  inputs: number,
): PackedProblem {
  const groupSize = given ?? features;
  const uniform = uniforms(levels + 7 * features + 13 * neurons);
  const groups = Math.ceil(features / groupSize);
  const [size, cells] = [problems * features * neurons, problems * groups * neurons];
  const origin = -(levels - 1) / 2;
  const mask = zeros && maskOf(zeros, problems * features, neurons, uniform);
  const codes = Uint8Array.from({length: size}, (_, i) => (mask?.[i] === 0 ? 0 : Math.floor(uniform() * levels)));
  const steps = Float32Array.from({length: cells}, () => 0.1 + uniform());
  const shifts = offsets ? Float32Array.from({length: cells}, () => uniform() - 0.5) : undefined;
  const weights = Float64Array.from(codes, (code, i) => {
    const [row, n] = [Math.floor(i / neurons), i % neurons];
    const cell = (Math.floor(row / features) * groups + Math.floor((row % features) / groupSize)) * neurons + n;
    return mask?.[i] === 0 ? 0 : steps[cell] * (code + origin) + (shifts ? shifts[cell] : 0);
  });
  return {
    packing: {
      problems,
      features,
      neurons,
      kept: mask ? mask.reduce((sum, kept) => sum + kept, 0) : size,
      letters: {levels, origin, groupSize, offsets: offsets ?? false},
      zeros,
    },
    matrices: {codes, steps, offsets: shifts, mask},
    weights,
    x: Float32Array.from({length: inputs}, () => 2 * uniform() - 1),
  };
}

function maskOf(zeros: 'plane' | NofM, rows: number, neurons: number, uniform: () => number): Uint8Array {
  if (zeros === 'plane') return Uint8Array.from({length: rows * neurons}, () => (uniform() < 0.5 ? 1 : 0));
  const mask = new Uint8Array(rows * neurons);
  for (let first = 0; first < rows; first += zeros.m) {
    for (let n = 0; n < neurons; n++) {
      const positions = Array.from({length: zeros.m}, (_, position) => ({position, score: uniform()})).sort(
        (a, b) => a.score - b.score,
      );
      for (const {position} of positions.slice(0, zeros.n)) mask[(first + position) * neurons + n] = 1;
    }
  }
  return mask;
}

type Compute = (
  operand: ReturnType<typeof packedOperand>,
  epilogue: Parameters<typeof packedMatMul>[2],
) => Tensor2D | Tensor4D;

async function errorOf(
  {packing, matrices}: PackedProblem,
  given: PackedCase,
  sums: Float64Array,
  outputs: number,
  compute: Compute,
): Promise<number> {
  const {bias: hasBias, activation = 'linear'} = given;
  const shifts = Float32Array.from({length: outputs}, (_, output) => Math.sin(output));
  const expected = sums.map((sum, i) => activated(sum + (hasBias ? shifts[i % outputs] : 0), activation));
  const operand = packedOperand(packing, matrices);
  const output = tidy(() => compute(operand, {bias: hasBias ? tensor1d(shifts) : undefined, activation}));
  try {
    const found = await output.data();
    if (found.length !== expected.length) return Infinity;
    const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-30);
    return (
      expected.reduce(
        (max, value, i) => Math.max(max, Number.isNaN(found[i]) ? Infinity : Math.abs(found[i] - value)),
        0,
      ) / largest
    );
  } finally {
    output.dispose();
    operand.dispose();
  }
}

function activated(sum: number, activation: FusedActivation): number {
  if (activation === 'linear') return sum;
  return Math.min(Math.max(sum, 0), activation === 'relu6' ? 6 : Infinity);
}
