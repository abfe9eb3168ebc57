import {type layers, LayersModel} from '@tensorflow/tfjs-layers';
import {Packed} from '../packed/packed.ts';

/** Disposes of a model with all its weights: tfjs leaves those of layers that are called more than once. A disposed model stays as it is. */
export function disposeModel(model: LayersModel): void {
  releaseForms(model);
  if (isDisposed(model)) return;
  const weights = model.weights.map((weight) => weight.read());
  model.dispose();
  for (const weight of weights) if (!weight.isDisposed) weight.dispose();
}

/** What packed layers compute with: tfjs leaves that of layers that are called more than once, too. */
function releaseForms(layer: layers.Layer): void {
  if (layer instanceof LayersModel) layer.layers.forEach(releaseForms);
  else if (layer instanceof Packed) layer.release();
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
