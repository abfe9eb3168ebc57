import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from './kernelAdapter.ts';
import type {PackedRoute} from './packedRoute.ts';

/** How one tfjs layer type is compressed: its weight matrices and the inputs that they multiply. */
export interface LayerAdapter extends LayerShapes, LayerState {
  /** `className` of the layers that it handles. */
  readonly className: string;
  /** The kernels of a layer, in the order in which they are applied. */
  kernels(layer: layers.Layer): readonly KernelAdapter[];
  /** Why a layer of this type is left as it is; undefined where it can be compressed. */
  refusal?(layer: layers.Layer): string | undefined;

  /**
   * Whether the layer multiplies each channel, the last axis of its input, with rows of its only kernel `[…, channels,
   * neurons]` that no other channel uses, so that factors of the channels can be moved into the kernel.
   */
  readonly acceptsChannelScales?: boolean;
  /** How a layer of this type is computed from packed weights; undefined where it has to be decoded. */
  packed?(layer: layers.Layer): PackedRoute | undefined;
}

/** Shapes and sizes of a layer that need not be built. */
export interface LayerShapes {
  /** All weights in their order. */
  weights(layer: layers.Layer, inputShape: readonly number[]): WeightSpec[];
  /** Output shape, for types that cannot infer it before they are built. Open sizes are null. */
  outputShape?(layer: layers.Layer, inputShape: readonly number[]): Array<number | null>;
  /** Numbers per sample that a call needs besides inputs and outputs, where they are more than the outputs again. */
  scratch?(layer: layers.Layer, inputShape: readonly number[]): number;
}

/** What calls leave in a layer, of types that keep anything. */
export interface LayerState {
  /** Frees what calls left in a layer: dropout masks, states. */
  release?(layer: layers.Layer): void;
  /** Calls a layer without changing its state. */
  withoutSideEffects?<Result>(layer: layers.Layer, run: () => Result): Result;
}

/** Name and shape of a weight that is not built yet. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
}
