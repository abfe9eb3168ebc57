import type {layers} from '@tensorflow/tfjs-layers';
import {FUSED_ACTIVATIONS, type FusedActivation} from '../../ops/packed/packedOps.ts';

/** The activation of a layer, if packed ops can compute it. */
export function fusedActivation(layer: layers.Layer): FusedActivation | undefined {
  const named = layer.getConfig()['activation'] ?? 'linear';
  return FUSED_ACTIVATIONS.find((activation) => activation === named);
}
