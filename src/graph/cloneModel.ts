import type {Tensor} from '@tensorflow/tfjs-core';
import {type LayersModel, models} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';

/**
 * A model of the same topology and names with the same weights, sharing nothing that can be written to.
 * Like a loaded model it is not compiled.
 * @throws ModelError if a custom layer of the model is not registered
 */
export async function cloneModel(model: LayersModel): Promise<LayersModel> {
  // `null` and `false`: an object instead of text, with the names that tfjs reads back.
  const topology: unknown = model.toJSON(null, false);
  const clone = await fromTopology(model.name, topology as Parameters<typeof models.modelFromJSON>[0]);
  const weights: Tensor[] = model.getWeights();
  clone.setWeights(weights);
  return clone;
}

async function fromTopology(name: string, topology: Parameters<typeof models.modelFromJSON>[0]): Promise<LayersModel> {
  try {
    return await models.modelFromJSON(topology);
  } catch (cause) {
    throw new ModelError(
      `model '${name}': expected a model that can be rebuilt from its topology, got: ${cause instanceof Error ? cause.message : String(cause)} ` +
      'Register custom layers with tf.serialization.registerClass before compressing.', {cause});
  }
}
