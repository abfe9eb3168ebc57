import type {Tensor, Tensor3D} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Matrix} from '../numerics/matrix.ts';
import type {PackedOperand} from '../ops/packedOperand.ts';
import type {Epilogue, PackedOp} from '../ops/packedOps.ts';

/** How a layer type shows its weight matrices and their input columns. */
export interface LayerAdapter {
  /** The `className` of the layers it speaks for. */
  readonly className: string;
  /**
   * The kernel as independent problems W `[features, neurons]`: one, or one per channel for depthwise kernels.
   * @param kernel the layer's first weight, flattened
   */
  toMatrices(kernel: ArrayLike<number>, shape: readonly number[]): Matrix[];
  /** The inverse of {@link toMatrices}. */
  fromMatrices(matrices: readonly Matrix[], shape: readonly number[]): Float32Array;
  /** How many problems there are. */
  problems(shape: readonly number[]): number;
  /** Columns of each W. */
  neurons(shape: readonly number[]): number;
  /** Rows of X that one sample gives: the output positions of the layer. */
  positions(layer: layers.Layer, inputShape: readonly number[]): number;
  /**
   * Rows of X as the kernel meets them.
   * @param input `[batch, …]`, what the layer is called with
   * @param rows indices into the batch · positions rows
   * @returns `[problems, rows, features]`
   */
  columns(layer: layers.Layer, input: Tensor, rows: Int32Array): Tensor3D;
  /** The shape of its kernel, before it is built. */
  kernelShape(layer: layers.Layer, inputShape: readonly number[]): number[];
  /** The op that computes it from packed weights. */
  readonly packedOp: PackedOp;
  /**
   * What the layer gives, from packed weights.
   * @param layer says how: padding, strides, data format
   * @param input `[batch, …]`, what the layer is called with
   */
  runPacked(layer: layers.Layer, input: Tensor, operand: PackedOperand, epilogue: Epilogue): Tensor;
}
