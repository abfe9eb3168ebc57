import type {PackedLayout} from '../../../src/ops/packed/packedOperand.ts';
import type {PackedWindows} from '../../../src/ops/packed/packedOps.ts';
import type {UniformTypes, UniformValues} from '../program.ts';

/** How packed weights lie in their buffers. A program need not read each of these numbers. */
export const LAYOUT_UNIFORMS = {
  problems: 'i32',
  features: 'i32',
  neurons: 'i32',
  groupSize: 'i32',
  groups: 'i32',
  runs: 'i32',
  perRun: 'i32',
  wordsPerRun: 'i32',
  bits: 'u32',
  letterBits: 'u32',
  levels: 'u32',
  origin: 'f32',
} satisfies UniformTypes;

export function layoutUniforms(layout: PackedLayout): UniformValues<typeof LAYOUT_UNIFORMS> {
  const {problems, features, neurons, groupSize, groups, runs, perRun, wordsPerRun} = layout;
  const {bits, letterBits, levels, origin} = layout;
  const words = {runs, perRun, wordsPerRun, bits, letterBits};
  return {problems, features, neurons, groupSize, groups, ...words, levels, origin};
}

/** Which pixels the taps of a window read. */
export const WINDOW_UNIFORMS = {
  outHeight: 'i32',
  outWidth: 'i32',
  kernelWidth: 'i32',
  strideY: 'i32',
  strideX: 'i32',
  dilationY: 'i32',
  dilationX: 'i32',
} satisfies UniformTypes;

export function windowUniforms({
  outHeight,
  outWidth,
  kernel: [, kernelWidth],
  strides: [strideY, strideX],
  dilations: [dilationY, dilationX],
}: Omit<PackedWindows, 'top' | 'left'>): UniformValues<typeof WINDOW_UNIFORMS> {
  return {outHeight, outWidth, kernelWidth, strideY, strideX, dilationY, dilationX};
}
