import {
  engine,
  getBackend,
  getKernel,
  type NamedTensorMap,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import {backendAttrs, backendInputs} from '../kernel.ts';
import type {PackedLayout, PackedOperand} from './packedOperand.ts';

/** The names under which backends register their kernels of packed ops. */
export const PACKED_MATMUL = 'PackedMatMul';
export const PACKED_CONV2D = 'PackedConv2D';
export const PACKED_DEPTHWISE_CONV2D = 'PackedDepthwiseConv2D';
export const PACKED_GATHER = 'PackedGather';

/** One of the packed ops. */
export type PackedOp =
  typeof PACKED_MATMUL | typeof PACKED_CONV2D | typeof PACKED_DEPTHWISE_CONV2D | typeof PACKED_GATHER;

/** Activations that every packed kernel computes by itself: those that round nothing. */
export const FUSED_ACTIVATIONS = ['linear', 'relu', 'relu6'] as const;
export type FusedActivation = (typeof FUSED_ACTIVATIONS)[number];

/** What happens to the sums before they are written: act(Σ + bias). */
export interface Epilogue {
  /** `[outputs]`. */
  readonly bias: Tensor | undefined;
  readonly activation: FusedActivation;
}

/** The tensors of a packed kernel. */
export interface PackedInputs {
  /**
   * PackedMatMul: float32 `[rows, features]`; the convolutions: `[batch, height, width, channels]`; PackedGather:
   * `[count]`, int32 or whole float32 numbers.
   */
  readonly x: Tensor;
  /** See `PackedOperand`. */
  readonly codes: Tensor;
  readonly steps: Tensor;
  readonly offsets?: Tensor;
  readonly bias?: Tensor;
}

/** The plain values of PackedMatMul. */
export interface PackedAttrs {
  readonly layout: PackedLayout;
  readonly activation: FusedActivation;
}

/** Where the windows of a packed convolution lie. */
export interface PackedWindows {
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows and columns of zeros before the input. */
  readonly top: number;
  readonly left: number;
}

/** The plain values of the convolutions. */
export interface PackedConvolutionAttrs extends PackedAttrs {
  readonly windows: PackedWindows;
}

/** The plain values of PackedGather. */
export interface PackedGatherAttrs {
  readonly layout: PackedLayout;
  /** The number of rows; rows beyond it are padding of the last problem. */
  readonly rows: number;
}

/** Whether the active backend computes an op from packed weights. */
export function hasPackedKernel(op: PackedOp): boolean {
  return getKernel(op, getBackend()) !== undefined;
}

/**
 * act(x Q + bias) with packed Q.
 * @param x `[rows, features]`
 * @returns `[rows, neurons]`
 */
export function packedMatMul(x: Tensor2D, operand: PackedOperand, {bias, activation}: Epilogue): Tensor2D {
  const attrs: PackedAttrs = {layout: operand.layout, activation};
  return engine().runKernel<Tensor2D>(PACKED_MATMUL, inputsOf(x, operand, bias), backendAttrs(attrs));
}

/**
 * act(conv(x, Q) + bias): a neuron of Q is a filter, its features are height, width, channel of a window.
 * @param x `[batch, height, width, channels]`
 * @returns `[batch, outHeight, outWidth, neurons]`
 */
export function packedConv2d(
  x: Tensor4D,
  operand: PackedOperand,
  windows: PackedWindows,
  {bias, activation}: Epilogue,
): Tensor4D {
  const attrs: PackedConvolutionAttrs = {layout: operand.layout, activation, windows};
  return engine().runKernel<Tensor4D>(PACKED_CONV2D, inputsOf(x, operand, bias), backendAttrs(attrs));
}

/**
 * The same channel by channel: problem c of the operand is the filters `[height · width, multiplier]` of channel c.
 * @param x `[batch, height, width, channels]`
 * @returns `[batch, outHeight, outWidth, channels · multiplier]`
 */
export function packedDepthwiseConv2d(
  x: Tensor4D,
  operand: PackedOperand,
  windows: PackedWindows,
  {bias, activation}: Epilogue,
): Tensor4D {
  const attrs: PackedConvolutionAttrs = {layout: operand.layout, activation, windows};
  return engine().runKernel<Tensor4D>(PACKED_DEPTHWISE_CONV2D, inputsOf(x, operand, bias), backendAttrs(attrs));
}

/**
 * Rows of Q, where the rows of all problems are numbered one after the other. Only the rows asked for are decoded.
 * @param indices `[count]`, from 0 to `rows` − 1
 * @returns `[count, neurons]`; for other indices kernels return 0, and the reference throws a RangeError
 */
export function packedGather(indices: Tensor1D, operand: PackedOperand, rows: number): Tensor2D {
  const attrs: PackedGatherAttrs = {layout: operand.layout, rows};
  return engine().runKernel<Tensor2D>(PACKED_GATHER, inputsOf(indices, operand, undefined), backendAttrs(attrs));
}

function inputsOf(x: Tensor, {codes, steps, offsets}: PackedOperand, bias: Tensor | undefined): NamedTensorMap {
  return backendInputs({x, codes, steps, ...(offsets && {offsets}), ...(bias && {bias})});
}
