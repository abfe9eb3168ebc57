import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {FUSED_ACTIVATIONS, type FusedActivation} from '../../ops/packed/packedOps.ts';

/** The activation of a layer, if packed kernels compute it. */
export function fusedActivation(layer: layers.Layer): FusedActivation | undefined {
  const named = layer.getConfig()['activation'] ?? 'linear';
  return FUSED_ACTIVATIONS.find((activation) => activation === named);
}

/** The activation of a layer as a function: tfjs keeps an object with a method `apply`, and its types do not say so. */
export function activationOf(layer: layers.Layer): (x: Tensor) => Tensor {
  const activation = Reflect.get(layer, 'activation') as {apply(x: Tensor): Tensor};
  return (x) => activation.apply(x);
}
