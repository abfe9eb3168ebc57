import {io} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {joinPayload} from '../artifacts/payload.ts';
import {ArtifactError} from '../errors.ts';

/**
 * Saves a model like `model.save`, and makes sure that it was stored.
 *
 * A browser writes after `model.save('indexeddb://…')` has resolved: if there is no room, tfjs does not notice, and the
 * model is lost with the page. So a model that was saved to such an address is read back and compared.
 *
 * ```ts
 * await saveModel(packed, 'indexeddb://packed');
 * ```
 * @param model stays in memory in any case
 * @param target an address or a handler, as for `model.save`
 * @throws ArtifactError if the storage does not contain the weights that were saved; errors of tfjs's own handlers
 */
export async function saveModel(model: LayersModel, target: string | io.IOHandler): Promise<io.SaveResult> {
  if (typeof target !== 'string' || !target.startsWith('indexeddb://')) return model.save(target);
  let saved: io.ModelArtifacts = {};
  const result = await model.save(
    io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return store(target, artifacts);
    }),
  );
  const found = await weightsAt(target);
  const expected = joinPayload(saved.weightData);
  if (found?.length !== expected.length || found.some((byte, i) => byte !== expected[i])) {
    throw new ArtifactError(
      `saveModel: expected ${target} to hold the ${expected.length} bytes of weights that were saved, found ` +
        `${found ? 'others' : 'none'}; ` +
        'the browser has no room for them: free some of its storage, or compress to fewer bits, and save again',
    );
  }
  return result;
}

/** @throws ArtifactError where tfjs has no browser storage */
async function store(target: string, artifacts: io.ModelArtifacts): Promise<io.SaveResult> {
  const result = await io.getSaveHandlers(target)[0]?.save?.(artifacts);
  if (result) return result;
  throw new ArtifactError(`saveModel: expected a storage for ${target}, found none; only browsers have IndexedDB`);
}

/** The weights that are stored at an address; undefined if there is no model. */
async function weightsAt(target: string): Promise<Uint8Array | undefined> {
  try {
    const artifacts = await io.getLoadHandlers(target)[0]?.load?.();
    return joinPayload(artifacts?.weightData);
  } catch {
    return undefined;
  }
}
