import {LayersModel, models} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';
import {disposeModel} from './disposeModel.ts';

/**
 * A model of the same topology and names with the same weights, sharing nothing that can be written to.
 * Like a loaded model it is not compiled.
 * @throws ModelError if the model cannot be rebuilt: a custom layer of it is not registered, or tfjs forgets an option of a layer
 */
export async function cloneModel(model: LayersModel): Promise<LayersModel> {
  // `null` and `false`: an object instead of text, with the names that tfjs reads back.
  const topology: unknown = model.toJSON(null, false);
  const clone = await fromTopology(model.name, topology as Parameters<typeof models.modelFromJSON>[0]);
  try {
    copyWeights(model, clone);
  } catch (error) {
    disposeModel(clone);
    throw error;
  }
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

/** Layer by layer: the order of a whole model's weights depends on which layers are trainable, and a rebuilt nested model is. */
function copyWeights(from: LayersModel, to: LayersModel): void {
  for (const layer of from.layers) {
    const twin = to.layers.find(({name}) => name === layer.name);
    if (!twin) throw new ModelError(`layer '${layer.name}': expected tfjs to rebuild it, found no layer of that name`);
    if (layer instanceof LayersModel && twin instanceof LayersModel) {
      copyWeights(layer, twin);
      continue;
    }
    try {
      twin.setWeights(layer.getWeights());
    } catch (cause) {
      throw new ModelError(`layer '${layer.name}': expected tfjs to rebuild it as it was, got: ${cause instanceof Error ? cause.message : String(cause)}`, {cause});
    }
  }
}
