import type {LayersModel} from '@tensorflow/tfjs-layers';
import {asOwnLayer} from '../layers/adapter/ownLayer.ts';
import {adapterFor} from '../layers/registry.ts';
import {layersOf} from './layersOf.ts';

/**
 * Disposes of a model with all its weights: tfjs leaves those of layers that are called more than once. Disposing twice
 * is harmless.
 */
export function disposeModel(model: LayersModel): void {
  // Derived tensors of packed layers, which tfjs does not always free, and what calls left in other layers, which it
  // never frees.
  for (const layer of layersOf(model)) {
    asOwnLayer(layer).releaseDerived?.();
    adapterFor(layer)?.release?.(layer);
  }
  if (isDisposed(model)) return;
  const weights = model.weights.map((weight) => weight.read());
  model.dispose();
  for (const weight of weights) if (!weight.isDisposed) weight.dispose();
}

/** Whether a weight of a model was disposed of. */
export function isDisposed(model: LayersModel): boolean {
  return model.weights.some((weight) => !isAlive(weight));
}

/** tfjs throws for a weight that was disposed of. */
function isAlive(weight: LayersModel['weights'][number]): boolean {
  try {
    return !weight.read().isDisposed;
  } catch {
    return false;
  }
}
