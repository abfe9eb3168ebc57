import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {type CallList, listCalls} from './callList.ts';
import {cloneModel} from './cloneModel.ts';

/** The original model and its shadow, the copy that a stage compresses layer by layer. */
export interface NetworkPair {
  readonly original: CallList;
  /** The same calls of the shadow's layers. */
  readonly shadow: CallList;
  readonly shadowModel: LayersModel;
  /** Whether a layer of the shadow differs from the original's. */
  hasChanged(layer: layers.Layer): boolean;
  /** Sets new weights of a layer of the shadow. They stay the caller's. */
  rewrite(layer: layers.Layer, weights: Tensor[]): void;
}

/**
 * Creates a shadow of `model` that starts from the weights of `start`.
 * @param model the model whose outputs are compared; never written to
 * @param start the model compressed so far, of the same topology
 */
export async function createNetworkPair(model: LayersModel, start: LayersModel): Promise<NetworkPair> {
  const shadowModel = await cloneModel(start);
  const original = listCalls(model);
  const shadow = listCalls(shadowModel);
  const changed = start === model ? new Set<layers.Layer>() : new Set(shadow.calls.map(({layer}) => layer));
  return {
    original,
    shadow,
    shadowModel,
    hasChanged: (layer) => changed.has(layer),
    rewrite(layer, weights) {
      layer.setWeights(weights);
      changed.add(layer);
    },
  };
}
