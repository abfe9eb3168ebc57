import type {LayersModel} from '@tensorflow/tfjs-layers';
import {asOwnLayer} from '../layers/adapter/ownLayer.ts';
import {adapterFor} from '../layers/registry.ts';
import {layersOf} from './layersOf.ts';

/**
 * Disposes of a model with all its weights: tfjs leaves those of layers that are called more than once. A disposed
 * model stays as it is.
 */
export function disposeModel(model: LayersModel): void {
  // What packed layers compute with, and what calls left in others: tfjs frees the first not always, the second never.
  for (const layer of layersOf(model)) {
    asOwnLayer(layer).releaseDerived?.();
    adapterFor(layer)?.release?.(layer);
  }
  if (isDisposed(model)) return;
  const weights = model.weights.map((weight) => weight.read());
  model.dispose();
  for (const weight of weights) if (!weight.isDisposed) weight.dispose();
}

/** Whether a weight of a model is gone. */
export function isDisposed(model: LayersModel): boolean {
  return model.weights.some((weight) => !isAlive(weight));
}

/** tfjs says so by an error. */
function isAlive(weight: LayersModel['weights'][number]): boolean {
  try {
    return !weight.read().isDisposed;
  } catch {
    return false;
  }
}
