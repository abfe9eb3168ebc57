import type {LayersModel} from '@tensorflow/tfjs-layers';

/** Disposes of a model with all its weights: tfjs leaves those of layers that are called more than once. */
export function disposeModel(model: LayersModel): void {
  const weights = model.weights.map((weight) => weight.read());
  model.dispose();
  for (const weight of weights) if (!weight.isDisposed) weight.dispose();
}
