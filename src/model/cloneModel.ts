import {type Tensor, tidy} from '@tensorflow/tfjs-core';
import {type layers, LayersModel} from '@tensorflow/tfjs-layers';
import {messageOf, ModelError} from '../errors.ts';
import {modelFromTopology} from '../tfjsInternals.ts';
import {disposeModel} from './disposeModel.ts';
import {layersOf} from './layersOf.ts';
import {withZeroInitialization} from './patchAddWeight.ts';

/** A model's topology as JSON, with the names that tfjs reads back. */
export type Topology = Readonly<Record<string, unknown>>;

/** How a rebuilt model differs from the one that it is made from. */
export interface Rebuilding {
  /** The topology to build. Layers keep their names. */
  readonly topology: Topology;
  /** The weights of a layer for its counterpart in the rebuilt model; called inside `tidy`. */
  readonly weightsFor: (layer: layers.Layer, counterpart: layers.Layer) => Tensor[];
}

/**
 * Copies a model: the copy has the same topology, names and weights, and shares nothing that can be written to. Like a
 * loaded model it is not compiled.
 * @throws ModelError if the model cannot be rebuilt: a custom layer is not registered, or tfjs does not save an option
 *   of a layer
 */
export function cloneModel(model: LayersModel): Promise<LayersModel> {
  return rebuildModel(model, {topology: topologyOf(model), weightsFor: (layer) => layer.getWeights()});
}

/** A copy of a model's topology, which may be changed. */
export function topologyOf(model: LayersModel): Topology {
  // `null` and `false`: an object instead of text, with the names that tfjs reads back.
  const topology = model.toJSON(null, false);
  if (typeof topology === 'string') throw new TypeError(`model '${model.name}': expected its topology as an object`);
  return topology;
}

/**
 * Builds a model from another topology with the same layer names.
 * @throws ModelError like {@link cloneModel}, and errors of `weightsFor`
 */
export async function rebuildModel(model: LayersModel, {topology, weightsFor}: Rebuilding): Promise<LayersModel> {
  const rebuilt = await fromTopology(model.name, topology);
  try {
    copyWeights(model, rebuilt, weightsFor);
  } catch (error) {
    disposeModel(rebuilt);
    throw error;
  }
  return rebuilt;
}

async function fromTopology(name: string, topology: Topology): Promise<LayersModel> {
  try {
    return await withZeroInitialization(() => modelFromTopology(topology));
  } catch (cause) {
    throw new ModelError(
      `model '${name}': expected a model that can be rebuilt from its topology, got: ${messageOf(cause)} ` +
        'Register custom layers with tf.serialization.registerClass before compressing.',
      {cause},
    );
  }
}

/**
 * Copies layer by layer: the order of a whole model's weights depends on which layers are trainable, and tfjs does not
 * save that of a nested model.
 */
function copyWeights(from: LayersModel, to: LayersModel, weightsFor: Rebuilding['weightsFor']): void {
  for (const layer of from.layers) {
    const counterpart = to.layers.find(({name}) => name === layer.name);
    if (!counterpart)
      throw new ModelError(`layer '${layer.name}': expected tfjs to rebuild it, found no layer of that name`);
    if (layer instanceof LayersModel && counterpart instanceof LayersModel) {
      copyWeights(layer, counterpart, weightsFor);
      continue;
    }
    try {
      tidy(() => {
        counterpart.setWeights(weightsFor(layer, counterpart));
      });
    } catch (cause) {
      throw new ModelError(`layer '${layer.name}': expected tfjs to rebuild it as it was, got: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}

/**
 * Writes the weights of a copy back into its model. The model keeps its variables, so an optimizer still knows them.
 */
export function adoptWeights(model: LayersModel, copy: LayersModel): void {
  const counterparts = new Map(layersOf(copy).map((layer) => [layer.name, layer]));
  tidy(() => {
    for (const layer of layersOf(model)) layer.setWeights(counterparts.get(layer.name)?.getWeights() ?? []);
  });
}
