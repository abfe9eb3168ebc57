import type {Tensor, Tensor3D} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import type {PackedOperand} from '../../ops/packed/packedOperand.ts';
import type {FusedActivation, PackedOp} from '../../ops/packed/packedOps.ts';
import type {Kwargs} from '../../tfjsInternals.ts';

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
  withoutSideEffects?<Result>(layer: layers.Layer, run: () => Result): Result;
  /** The shape of what it gives, of a type that says it only when it is built. */
  outputShape?(layer: layers.Layer, inputShape: readonly number[]): number[];
  /** Numbers of one sample that a call of a layer needs besides its inputs and outputs, where that is more than its outputs again. */
  scratch?(layer: layers.Layer, inputShape: readonly number[]): number;
  /** Whether it multiplies each channel, the last axis of its input, with one row after the other of its only kernel `[…, channels, neurons]`. */
  readonly acceptsChannelScales?: boolean;
  /** How a layer of this type is computed from packed weights; nothing where it is decoded. */
  packed?(layer: layers.Layer): PackedRoute | undefined;
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
  readonly producesLayerOutput: boolean;
  /** The name of the activation behind it, where it gives the output. */
  readonly activation?: unknown;
  /** Why it is not pruned where nobody chose it by name. */
  readonly keepDenseReason?: string;
  /**
   * The kernel as independent problems W `[features, neurons]` of one extent: one, or one per channel for depthwise kernels. Together they may have more
   * rows than the kernel: what fills the last one up goes again in {@link fromMatrices}.
   * @param kernel the weight, flattened
   */
  toMatrices(kernel: ArrayLike<number>, shape: readonly number[]): Matrix[];
  /** The inverse of {@link toMatrices}. */
  fromMatrices(matrices: readonly Matrix[], shape: readonly number[]): Float32Array;
  /** How many problems there are. */
  matrixCount(shape: readonly number[]): number;
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
  kernelInput(layer: layers.Layer, inputs: readonly Tensor[], mask?: Tensor): Tensor;
  /** Numbers of one sample of what {@link kernelInput} makes, where that is not an input: as it is given, and at most meanwhile. */
  kernelInputSize?(
    layer: layers.Layer,
    inputShape: readonly number[],
  ): {readonly result: number; readonly peak: number};
  /**
   * Rows of X.
   * @param input what {@link kernelInput} gave
   * @param rows indices into the batch · positions rows
   * @returns `[problems, rows, features]`
   */
  columns(layer: layers.Layer, input: Tensor, rows: Int32Array): Tensor3D;
  /**
   * Of a kernel whose rows are looked up, so that every row of X is 0 but for a 1: where that is, counted over all problems, for all positions of the batch;
   * −1 where nobody uses the answer. Calibration counts these instead of making columns.
   * @param input what {@link kernelInput} gave
   * @throws DataError for a row that the kernel does not have
   */
  rowIndices?(layer: layers.Layer, input: Tensor): Promise<Int32Array>;
}

/** How a layer type is computed from packed weights, where the backend has kernels for it. */
export interface PackedRoute {
  /** The ops it runs. */
  readonly ops: readonly PackedOp[];
  /** Whether the layer's own activation comes last: then the ops compute it, or it is left to another. */
  readonly endsWithActivation: boolean;
  /**
   * The layer as a function of what it is called with.
   * @param layer says how: padding, strides, data format; it has no weights, and is the route's own
   */
  prepare(layer: layers.Layer, weights: PackedWeights): PackedRun;
  /**
   * A number that an input may have, of a layer that does not take any: random inputs are made of these.
   * @param uniform on [0, 1)
   */
  inputAt?(layer: layers.Layer, uniform: number): number;
}

/** Computes what the layer gives; called inside `tidy`. */
export type PackedRun = (inputs: readonly Tensor[], kwargs: Kwargs) => Tensor | Tensor[];

/** The weights of a packed layer, by their place among those of the layer it stands for. */
export interface PackedWeights {
  /** A kernel with all its problems; freed with the layer. */
  operand(index: number): PackedOperand;
  /** A kernel problem by problem. */
  operandsByProblem(index: number): PackedOperand[];
  /** A weight that is not packed, if the layer has it. */
  plain(index: number): Tensor | undefined;
  /** What the last op is to compute of an activation that comes last. */
  readonly activation: FusedActivation;
}
