import type {LayersModel} from '@tensorflow/tfjs-layers';

/** How many samples a model takes together: those that its inputs fix, where they do. */
export function batchSizeFor(model: LayersModel, wanted: number): number {
  return model.inputs[0].shape[0] ?? wanted;
}
