import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {ModelContent} from './digest.ts';
import {payloadOf} from './payload.ts';
import {savedArtifacts} from './savedArtifacts.ts';
import {SEAL, sealOf} from './seal.ts';
import {storedTensors} from './storedTensors.ts';
import {topologyIn} from './plainTopology.ts';

/**
 * Writes a checksum of a packed model into its metadata, beside the entries that are there; `model.save` keeps it with the model.
 * `pack` does so by itself: seal a model again after changing it.
 *
 * ```ts
 * model.setUserDefinedMetadata({author: 'me'});
 * await sealModel(model);
 * await model.save('indexeddb://small');
 * ```
 * @throws BackendError where there is no `crypto.subtle`: on a page that came over plain http
 */
export async function sealModel(model: LayersModel): Promise<void> {
  const seal = await sealOf(await contentOf(model));
  model.setUserDefinedMetadata({...model.getUserDefinedMetadata(), [SEAL]: seal});
}

async function contentOf(model: LayersModel): Promise<ModelContent> {
  const {modelTopology, weightSpecs, weightData} = await savedArtifacts(model);
  const payload = payloadOf(weightData);
  return {topology: topologyIn(modelTopology), tensors: storedTensors(weightSpecs, payload.length), payload};
}
