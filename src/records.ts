import type {Mask} from './numerics/linalg/mask.ts';
import type {Granularity, Scales} from './numerics/scales/scales.ts';
import type {Alphabet} from './numerics/stochastic/alphabet.ts';

/** A layer with weights that a stage does not compress. */
export interface SkippedLayer {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type. */
  readonly className: string;
  /** Why it was skipped. */
  readonly reason: string;
}

/** The compressed weights of one layer. */
export type CompressedLayer = QuantizedLayer | PrunedLayer;

/** A quantized layer, some of whose weights may be pruned. */
export interface QuantizedLayer {
  /** Tells it from a {@link PrunedLayer}. */
  readonly kind: 'quantized';
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** The letters, in units of the step: its own `step` is 1. */
  readonly alphabet: Alphabet;
  /** Which weights share a step. */
  readonly granularity: Granularity;
  /** The weight matrices of the layer: a Dense or Conv2D has one, a DepthwiseConv2D one per channel. */
  readonly matrices: readonly QuantizedMatrix[];
}

/** A pruned layer: some weights are 0, the others float32. */
export interface PrunedLayer {
  /** Tells it from a {@link QuantizedLayer}. */
  readonly kind: 'pruned';
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** The weight matrices of the layer. */
  readonly matrices: readonly PrunedMatrix[];
}

/**
 * A weight matrix as codes: weight (t, n) = step(t, n) · (code + shift) + offset(t, n) where the mask keeps it, else
 * exactly 0.
 */
export interface QuantizedMatrix {
  /** Rows of W: the fan-in of a neuron. */
  readonly features: number;
  /** Columns of W. */
  readonly neurons: number;
  /** `[features, neurons]`, from `alphabet.lowest` to `alphabet.highest`; a pruned weight has the code nearest to 0. */
  readonly codes: Int16Array;
  /** The steps and offsets, as float32 numbers. */
  readonly scales: Scales;
  /** `[features, neurons]`: 1 keeps a weight, 0 prunes it. Absent if nothing was pruned. */
  readonly mask?: Mask | undefined;
}

/** A weight matrix with pruned entries. */
export interface PrunedMatrix {
  /** Rows of W. */
  readonly features: number;
  /** Columns of W. */
  readonly neurons: number;
  /** `[features, neurons]`: 1 keeps a weight, 0 prunes it. */
  readonly mask: Mask;
}
