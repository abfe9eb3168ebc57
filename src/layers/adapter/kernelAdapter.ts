import type {Tensor, Tensor3D} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Matrix} from '../../numerics/linalg/matrix.ts';

/**
 * One weight of a layer as one or more matrices W `[features, neurons]` of equal size, and the rows of X `[rows,
 * features]` that they multiply: row by row, X·W is what the layer adds up. Depthwise kernels are one matrix per
 * channel.
 */
export type KernelAdapter = KernelInfo & MatrixView & InputView;

/** Which weight of its layer a kernel is, and what becomes of its products. */
export interface KernelInfo {
  /** Name within the layer, as `recurrent_kernel`; absent where the layer has no other kernel. */
  readonly name?: string;
  /** Index among the layer's weights. */
  readonly weight: number;
  /** Index of the bias that is added to X·W; absent where there is none. */
  readonly bias?: number | undefined;

  /** Whether X·W is the layer's output before bias and activation. */
  readonly producesLayerOutput: boolean;
  /** Name of the activation that is applied to X·W + bias, where that is the layer's output. */
  readonly activation?: unknown;
  /** Why pruning leaves the kernel as it is unless the user includes it by name. */
  readonly keepDenseReason?: string;
}

/** The weight as matrices W. `shape` is the weight's. */
export interface MatrixView {
  /**
   * The matrices of a weight. Together they may have more rows than the weight: padding of the last matrix, which
   * {@link fromMatrices} removes.
   * @param kernel the weight, flattened
   */
  toMatrices(kernel: ArrayLike<number>, shape: readonly number[]): Matrix[];
  /** The inverse of {@link toMatrices}. */
  fromMatrices(matrices: readonly Matrix[], shape: readonly number[]): Float32Array;

  /** How many matrices there are. */
  matrixCount(shape: readonly number[]): number;
  /** Rows of each W. */
  features(shape: readonly number[]): number;
  /** Columns of each W. */
  neurons(shape: readonly number[]): number;
}

/** The rows of X. Every tensor that a method returns belongs to the caller, who disposes of it. */
export interface InputView {
  /** Rows of X per sample: the output positions of the kernel. */
  positions(layer: layers.Layer, inputShape: readonly number[]): number;

  /**
   * The tensor whose entries make up the rows of X: the layer's own input, or what an earlier kernel of the layer made
   * of it. Where it is an input, it is returned as a `clone`, which shares the data.
   * @param layer with the weights that are applied before the kernel
   * @param inputs `[batch, …]`, what the layer is called with
   * @param mask what the layer is called with besides, if anything: 1 for time steps that count, `[batch, time]`
   */
  kernelInput(layer: layers.Layer, inputs: readonly Tensor[], mask?: Tensor): Tensor;
  /**
   * How many numbers per sample {@link kernelInput} computes: of its result, and at most at any time meanwhile. Absent
   * where it computes nothing.
   */
  kernelInputSize?(layer: layers.Layer, inputShape: readonly number[]): KernelInputSize;

  /**
   * Some rows of X, by matrix.
   * @param input from {@link kernelInput}
   * @param rows indices into the batch · positions rows
   * @returns `[matrices, rows, features]`
   */
  columns(layer: layers.Layer, input: Tensor, rows: Int32Array): Tensor3D;
  /**
   * For embeddings, whose X is one-hot: the index of the 1 in each row of X, counted over all matrices, for all
   * positions of the batch; −1 where the output is masked. Calibration counts these instead of making {@link columns}.
   * @param input from {@link kernelInput}
   * @throws DataError for an index of no row of the kernel
   */
  rowIndices?(layer: layers.Layer, input: Tensor): Promise<Int32Array>;
}

/** Numbers per sample. */
export interface KernelInputSize {
  readonly result: number;
  readonly peak: number;
}
