import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedOperand} from '../../ops/packed/packedOperand.ts';
import type {FusedActivation, PackedOp} from '../../ops/packed/packedOps.ts';
import type {Kwargs} from '../../tfjsInternals.ts';

/** How a layer type is computed from packed weights, where the backend has kernels for it. */
export interface PackedRoute {
  /** The ops that it runs. */
  readonly ops: readonly PackedOp[];
  /** Whether the layer ends with its activation, which the last op then computes or leaves to another op. */
  readonly endsWithActivation: boolean;
  /**
   * The layer as a function of what it is called with.
   * @param layer a layer without weights, for this route alone: it holds padding, strides, data format
   */
  prepare(layer: layers.Layer, weights: PackedWeights): PackedRun;
  /**
   * A valid entry of the input, for layers that do not take every number: random inputs are made of these.
   * @param uniform on [0, 1)
   */
  inputAt?(layer: layers.Layer, uniform: number): number;
}

/** Computes the layer's outputs; called inside `tidy`. */
export type PackedRun = (inputs: readonly Tensor[], kwargs: Kwargs) => Tensor | Tensor[];

/** The weights of a packed layer, by their index in the layer that it stands for. */
export interface PackedWeights {
  /** All matrices of a kernel in one operand, which is freed with the layer. */
  operand(index: number): PackedOperand;
  /** One operand for each matrix of a kernel. */
  operandsByProblem(index: number): PackedOperand[];
  /** A weight that is not packed, if the layer has it. */
  plain(index: number): Tensor | undefined;
  /** The activation that the last op computes. */
  readonly activation: FusedActivation;
}
