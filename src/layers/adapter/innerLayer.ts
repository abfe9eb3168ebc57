import {type layers, LayersModel} from '@tensorflow/tfjs-layers';
import type {LayerAdapter} from './layerAdapter.ts';

/** Finds the adapter of a layer that is wrapped in another. */
export type FindAdapter = (layer: layers.Layer) => LayerAdapter | undefined;

/** Why a wrapper is left as it is: the layer that it wraps would be. */
export function innerRefusal(inner: layers.Layer, find: FindAdapter): string | undefined {
  if (inner instanceof LayersModel) return 'wraps a model; wrap its layers one by one';
  const adapter = find(inner);
  if (adapter) return adapter.refusal?.(inner);
  return inner.weights.length === 0 && isBuilt(inner)
    ? undefined
    : `wraps an unsupported layer type, ${inner.getClassName()}`;
}

/** Calls a wrapper without changing the state of the layer that it wraps. */
export function innerWithoutSideEffects<Result>(inner: layers.Layer, find: FindAdapter, run: () => Result): Result {
  const adapter = find(inner);
  return adapter?.withoutSideEffects ? adapter.withoutSideEffects(inner, run) : run();
}

function isBuilt(layer: layers.Layer): boolean {
  return layer.built;
}
