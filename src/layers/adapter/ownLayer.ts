import type {layers} from '@tensorflow/tfjs-layers';
import type {SkippedLayer} from '../../records.ts';

/**
 * What a layer class of this library declares beside tfjs's own members. Code on lower floors asks for the members,
 * never for the class, so that it need not know which classes there are.
 */
export interface OwnLayer {
  /** Nodes with a weight matrix that the layer keeps inside itself, and why they are not compressed. */
  readonly skippedNodes?: readonly SkippedLayer[];
  /** Frees the tensors that were derived from the weights for computing; the next call derives them again. */
  releaseDerived?(): void;
}

/** A layer as {@link OwnLayer}: of other layers every member is missing. */
export function asOwnLayer(layer: layers.Layer & OwnLayer): OwnLayer {
  return layer;
}
