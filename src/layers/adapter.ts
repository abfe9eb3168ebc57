import type {Tensor, Tensor3D} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Matrix} from '../numerics/matrix.ts';
import type {PackedOperand} from '../ops/packedOperand.ts';
import type {Epilogue, PackedOp} from '../ops/packedOps.ts';

/** What a layer type is to us: kernels, and how they meet the data. */
export interface LayerAdapter {
  /** The `className` of the layers it speaks for. */
  readonly className: string;
  /** Its kernels, in the order in which they meet the data. */
  kernels(layer: layers.Layer): readonly KernelAdapter[];
  /** Why a layer of this type is left as it is, if it is. */
  refusal?(layer: layers.Layer): string | undefined;
  /** All its weights in their order, before it is built. */
  weights(layer: layers.Layer, inputShape: readonly number[]): WeightSpec[];
  /** The shape of what it gives, of a type that says it only when it is built. */
  outputShape?(layer: layers.Layer, inputShape: readonly number[]): number[];
  /** Whether it multiplies each channel, the last axis of its input, with one row after the other of its only kernel `[…, channels, neurons]`. */
  readonly weighsChannels?: boolean;
  /** How it is computed from packed weights. Absent: decoded. */
  readonly packed?: PackedRoute;
}

/** A weight before it is there. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A kernel: one weight matrix of a layer, or several of the same shape in one tfjs weight. */
export interface KernelAdapter {
  /** Its name within the layer, as in `recurrent_kernel`; absent where the layer has no other. */
  readonly name?: string;
  /** Its place among the layer's weights. */
  readonly weight: number;
  /** The place of the bias that is added to all it gives; absent where the layer has none, or another kernel moves it. */
  readonly bias?: number | undefined;
  /** Whether what it gives is what the layer gives, but for bias and activation. */
  readonly givesOutput: boolean;
  /** The name of the activation behind it, where it gives the output. */
  readonly activation?: unknown;
  /** Why it is not pruned where nobody chose it by name. */
  readonly dense?: string;
  /**
   * The kernel as independent problems W `[features, neurons]` of one extent: one, or one per channel for depthwise kernels. Together they may have more
   * rows than the kernel: what fills the last one up goes again in {@link fromMatrices}.
   * @param kernel the weight, flattened
   */
  toMatrices(kernel: ArrayLike<number>, shape: readonly number[]): Matrix[];
  /** The inverse of {@link toMatrices}. */
  fromMatrices(matrices: readonly Matrix[], shape: readonly number[]): Float32Array;
  /** How many problems there are. */
  problems(shape: readonly number[]): number;
  /** Rows of each W. */
  features(shape: readonly number[]): number;
  /** Columns of each W. */
  neurons(shape: readonly number[]): number;
  /** Rows of X that one sample gives: the output positions of the kernel. */
  positions(layer: layers.Layer, inputShape: readonly number[]): number;
  /**
   * What the kernel is multiplied with, row by row or window by window. It may be an input itself, else it belongs to the caller.
   * @param layer with the weights that come before the kernel
   * @param inputs `[batch, …]`, what the layer is called with
   */
  meets(layer: layers.Layer, inputs: readonly Tensor[]): Tensor;
  /**
   * Rows of X.
   * @param met what {@link meets} gave
   * @param rows indices into the batch · positions rows
   * @returns `[problems, rows, features]`
   */
  columns(layer: layers.Layer, met: Tensor, rows: Int32Array): Tensor3D;
  /**
   * Of a kernel whose rows are looked up, so that every row of X is 0 but for a 1: where that is, counted over all problems, for all positions of the batch;
   * −1 where nobody uses the answer. Calibration counts these instead of making columns.
   * @param met what {@link meets} gave
   * @throws DataError for a row that the kernel does not have
   */
  looksUp?(layer: layers.Layer, met: Tensor): Promise<Int32Array>;
}

/** A layer type that is computed from packed weights, where the backend has a kernel for it. */
export interface PackedRoute {
  readonly op: PackedOp;
  /**
   * What the layer gives.
   * @param layer says how: padding, strides, data format
   * @param input `[batch, …]`, what the layer is called with
   */
  run(layer: layers.Layer, input: Tensor, operand: PackedOperand, epilogue: Epilogue): Tensor;
  /**
   * A number that an input may have, of a layer that does not take any: random inputs are made of these.
   * @param uniform on [0, 1)
   */
  inputAt?(layer: layers.Layer, uniform: number): number;
}
