import type {LayersModel} from '@tensorflow/tfjs-layers';
import {collectArtifacts} from './collectArtifacts.ts';
import type {ModelContent} from './digest.ts';
import {joinPayload} from './payload.ts';
import {readPlainTopology} from './plainTopology.ts';
import {createSeal, SEAL} from './seal.ts';
import {locateTensors} from './storedTensors.ts';

/**
 * Writes a checksum of a packed model into its metadata and keeps the other entries; `model.save` saves it with the
 * model. `pack` seals its model: seal it again after you changed it.
 *
 * ```ts
 * model.setUserDefinedMetadata({author: 'me'});
 * await sealModel(model);
 * await model.save('indexeddb://small');
 * ```
 * @throws BackendError where there is no `crypto.subtle`: on a page that was loaded over plain http
 */
export async function sealModel(model: LayersModel): Promise<void> {
  const seal = await createSeal(await contentOf(model));
  model.setUserDefinedMetadata({...model.getUserDefinedMetadata(), [SEAL]: seal});
}

async function contentOf(model: LayersModel): Promise<ModelContent> {
  const {modelTopology, weightSpecs, weightData} = await collectArtifacts(model);
  const payload = joinPayload(weightData);
  return {topology: readPlainTopology(modelTopology), tensors: locateTensors(weightSpecs, payload.length), payload};
}
