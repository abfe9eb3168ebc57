import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {type CallList, listCalls} from './callList.ts';
import {cloneModel} from './cloneModel.ts';

/** The model as it was before a stage, beside the copy that the stage compresses layer by layer. */
export interface NetworkPair {
  readonly original: CallList;
  /** The same calls of the copy's layers. */
  readonly shadow: CallList;
  readonly shadowModel: LayersModel;
  /** Whether a layer of the copy was rewritten. */
  hasChanged(layer: layers.Layer): boolean;
  /** Puts new weights into a layer of the copy. They stay the caller's. */
  rewrite(layer: layers.Layer, weights: Tensor[]): void;
}

/**
 * A shadow of `model`, starting from the weights of `start`.
 * @param model what the outputs are compared with; never written to
 * @param start the model compressed so far, of the same topology
 */
export async function createNetworkPair(model: LayersModel, start: LayersModel): Promise<NetworkPair> {
  const copy = await cloneModel(start);
  const original = listCalls(model);
  const copied = listCalls(copy);
  const changed = start === model ? new Set<layers.Layer>() : new Set(copied.calls.map(({layer}) => layer));
  return {
    original,
    shadow: copied,
    shadowModel: copy,
    hasChanged: (layer) => changed.has(layer),
    rewrite(layer, weights) {
      layer.setWeights(weights);
      changed.add(layer);
    },
  };
}
