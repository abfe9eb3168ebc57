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
  /** Frees what calls left in a layer: dropout masks, states. */
  release?(layer: layers.Layer): void;
  /** Runs something that calls a layer so that nothing of it stays there. */
  undisturbed?<Result>(layer: layers.Layer, run: () => Result): Result;
  /** Numbers of one sample that a call of a layer needs besides its inputs and outputs, where that is more than its outputs again. */
  scratch?(layer: layers.Layer, inputShape: readonly number[]): number;
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
  /**
   * The kernel as independent problems W `[features, neurons]`: one, or one per channel for depthwise kernels.
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
   * @param mask what the layer is called with besides, if anything: which time steps count, `[batch, time]`
   */
  meets(layer: layers.Layer, inputs: readonly Tensor[], mask?: Tensor): Tensor;
  /** Numbers of one sample of what {@link meets} makes, where that is not an input: as it is given, and at most meanwhile. */
  metSize?(layer: layers.Layer, inputShape: readonly number[]): {readonly met: number; readonly making: number};
  /**
   * Rows of X.
   * @param met what {@link meets} gave
   * @param rows indices into the batch · positions rows
   * @returns `[problems, rows, features]`
   */
  columns(layer: layers.Layer, met: Tensor, rows: Int32Array): Tensor3D;
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
}
