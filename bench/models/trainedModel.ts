import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {loadLayersModel} from '@tensorflow/tfjs-layers';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {cachePath} from './cache.ts';

/** How a model comes to be. */
export interface Training {
  readonly create: () => LayersModel;
  readonly train: (model: LayersModel) => Promise<void>;
}

/**
 * The model that an earlier run trained and kept in .cache under this name, or else one that is trained now. To train
 * anew, delete its folder.
 */
export async function trainedModel(name: string, {create, train}: Training): Promise<LayersModel> {
  const folder = cachePath('trained', name);
  if (existsSync(join(folder, 'model.json'))) return loadLayersModel(fileHandler(folder));
  const model = create();
  const begin = performance.now();
  await train(model);
  console.error(`${name}: trained in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  await model.save(fileHandler(folder));
  return model;
}
