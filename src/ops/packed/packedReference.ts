import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {CpuBackend} from '../kernel.ts';
import {defineKernel} from '../kernel.ts';
import {codesAt} from './codesAt.ts';
import {packedGatherReference} from './packedGatherReference.ts';
import type {PackedLayout} from './packedOperand.ts';
import {
  type FusedActivation,
  PACKED_CONV2D,
  PACKED_DEPTHWISE_CONV2D,
  PACKED_MATMUL,
  type PackedAttrs,
  type PackedConvolutionAttrs,
  type PackedInputs,
  type PackedWindows,
} from './packedOps.ts';

type Call<Attrs> = {readonly inputs: PackedInputs; readonly attrs: Attrs; readonly backend: CpuBackend};

/** The packed ops on the cpu, summed in float64: the reference for all other kernels, from the same words. */
export const packedReference = [
  defineKernel<PackedInputs, PackedAttrs, CpuBackend>({
    kernelName: PACKED_MATMUL,
    backendName: 'cpu',
    kernelFunc: (call) => {
      const [rows, features] = call.inputs.x.shape;
      const {neurons} = call.attrs.layout;
      return matrixOp(call, [rows, neurons], rows, (x, row, t) => x[row * features + t]);
    },
  }),
  defineKernel<PackedInputs, PackedConvolutionAttrs, CpuBackend>({
    kernelName: PACKED_CONV2D,
    backendName: 'cpu',
    kernelFunc: (call) => {
      const {layout, windows} = call.attrs;
      const [batch, , , channels] = call.inputs.x.shape;
      const shape = [batch, windows.outHeight, windows.outWidth, layout.neurons];
      const pixel = pixelOf(call.inputs.x.shape, windows);
      return matrixOp(call, shape, batch * windows.outHeight * windows.outWidth, (x, row, t) => {
        const at = pixel(row, Math.floor(t / channels));
        return at < 0 ? 0 : x[at * channels + (t % channels)];
      });
    },
  }),
  defineKernel<PackedInputs, PackedConvolutionAttrs, CpuBackend>({
    kernelName: PACKED_DEPTHWISE_CONV2D,
    backendName: 'cpu',
    kernelFunc: (call) => {
      const {
        layout: {problems, neurons, features},
        windows,
      } = call.attrs;
      const [batch, , , channels] = call.inputs.x.shape;
      const pixel = pixelOf(call.inputs.x.shape, windows);
      const {x, weights, finish} = valuesOf(call);
      const outputs = problems * neurons;
      const y = new Float32Array(batch * windows.outHeight * windows.outWidth * outputs);
      for (let i = 0; i < y.length; i++) {
        const out = i % outputs;
        const channel = Math.floor(out / neurons);
        let sum = 0;
        for (let t = 0; t < features; t++) {
          const at = pixel(Math.floor(i / outputs), t);
          if (at >= 0)
            sum += x[at * channels + channel] * weights[(channel * features + t) * neurons + (out % neurons)];
        }
        y[i] = finish(sum, out);
      }
      return call.backend.makeTensorInfo([batch, windows.outHeight, windows.outWidth, outputs], 'float32', y);
    },
  }),
  packedGatherReference,
];

/** y = act(XQ + bias) for rows of X that are read entry by entry. */
function matrixOp(
  call: Call<PackedAttrs>,
  shape: number[],
  rows: number,
  entry: (x: ArrayLike<number>, row: number, t: number) => number,
): TensorInfo {
  const {features, neurons} = call.attrs.layout;
  const {x, weights, finish} = valuesOf(call);
  const y = new Float32Array(rows * neurons);
  const sums = new Float64Array(neurons);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let t = 0; t < features; t++) {
      const value = entry(x, row, t);
      if (value === 0) continue;
      for (let n = 0; n < neurons; n++) sums[n] += value * weights[t * neurons + n];
    }
    for (let n = 0; n < neurons; n++) y[row * neurons + n] = finish(sums[n], n);
  }
  return call.backend.makeTensorInfo(shape, 'float32', y);
}

function valuesOf({inputs, attrs: {layout, activation}, backend}: Call<PackedAttrs>) {
  const read = (tensor: TensorInfo): ArrayLike<number> => backend.data.get(tensor.dataId).values;
  const bias = inputs.bias && read(inputs.bias);
  const act = ACTIVATIONS[activation];
  return {
    x: read(inputs.x),
    weights: weightsOf(layout, read(inputs.codes), read(inputs.steps), inputs.offsets && read(inputs.offsets)),
    finish: (sum: number, output: number): number => act(sum + (bias ? bias[output] : 0)),
  };
}

const ACTIVATIONS: Readonly<Record<FusedActivation, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
};

/** Decodes the words of an operand to weights `[problems · features, neurons]`. */
export function weightsOf(
  layout: PackedLayout,
  words: ArrayLike<number>,
  steps: ArrayLike<number>,
  offsets: ArrayLike<number> | undefined,
): Float64Array {
  const {problems, features, neurons, levels, origin, groupSize, groups, zeros, letterBits} = layout;
  const weights = new Float64Array(problems * features * neurons);
  const codesOfGroup = typeof zeros === 'object' ? (groupSize / zeros.m) * zeros.n : groupSize;
  for (let group = 0; group < problems * groups; group++) {
    const first = Math.floor(group / groups) * features + (group % groups) * groupSize;
    const size = Math.min(groupSize, features - (group % groups) * groupSize);
    for (let k = 0; k < codesOfGroup; k++) {
      const codes = codesAt(layout, words, group, k);
      for (let n = 0; n < neurons; n++) {
        const code = codes(n);
        const letter = code & (2 ** letterBits - 1);
        const t = typeof zeros === 'object' ? Math.floor(k / zeros.n) * zeros.m + (code >>> letterBits) : k;
        if (t >= size || (zeros === 'sentinel' && letter === levels)) continue;
        const cell = group * neurons + n;
        weights[(first + t) * neurons + n] = Math.fround(
          steps[cell] * (letter + origin) + (offsets ? offsets[cell] : 0),
        );
      }
    }
  }
  return weights;
}

/** The pixel of the input under a tap of a window, −1 in the padding. */
function pixelOf(
  [, height, width]: readonly number[],
  {outHeight, outWidth, kernel, strides, dilations, top, left}: PackedWindows,
): (row: number, tap: number) => number {
  return (row, tap) => {
    const y = (Math.floor(row / outWidth) % outHeight) * strides[0] + Math.floor(tap / kernel[1]) * dilations[0] - top;
    const x = (row % outWidth) * strides[1] + (tap % kernel[1]) * dilations[1] - left;
    return y < 0 || y >= height || x < 0 || x >= width
      ? -1
      : (Math.floor(row / (outHeight * outWidth)) * height + y) * width + x;
  };
}
