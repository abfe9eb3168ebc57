import {io} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {loadPacked, saveModel} from 'tfjs-compress';

/** What is kept beside a model, to compare with when it is loaded again. */
export interface SavedNote {
  /** The shift of the images that it was adapted to. */
  readonly shift: string;
  /** As in '2 bits, 50 % pruned'. */
  readonly title: string;
  /** What the model said of the test images before it was saved. */
  readonly probabilities: readonly number[];
}

/** A model out of the browser's storage. */
export interface SavedModel {
  readonly model: LayersModel;
  readonly note: SavedNote;
  /** Bytes of its weights in the storage. */
  readonly bytes: number;
}

const address = 'indexeddb://tfjs-compress-example';
const noteKey = 'tfjs-compress-example';

/**
 * Saves a packed model in IndexedDB, and reads it back.
 * @throws ArtifactError if the browser has no room for it
 */
export async function keepModel(model: LayersModel, note: SavedNote): Promise<SavedModel> {
  localStorage.removeItem(noteKey); // a model without a note counts as none, should the next line fail
  await saveModel(model, address); // `model.save` would hear nothing of a full storage
  localStorage.setItem(noteKey, JSON.stringify(note));
  return loadModel();
}

/**
 * Loads what {@link keepModel} saved; sizes, codes and checksum are checked on the way.
 * @throws Error if nothing is there, or it was damaged
 */
export async function loadModel(): Promise<SavedModel> {
  const note = localStorage.getItem(noteKey);
  if (note === null) throw new Error('There is no saved model in this browser yet: compress one and save it first.');
  const model = await loadPacked(address);
  const {[address]: info} = await io.listModels();
  return {model, note: JSON.parse(note) as SavedNote, bytes: info?.weightDataBytes ?? 0};
}
