import {tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {layersOf} from '../model/layersOf.ts';

/**
 * Writes the weights of a copy into the model that it was made of. Its variables stay the same, so that an optimizer
 * knows them still.
 */
export function adoptWeights(model: LayersModel, copy: LayersModel): void {
  const twins = new Map(layersOf(copy).map((layer) => [layer.name, layer]));
  tidy(() => {
    for (const layer of layersOf(model)) layer.setWeights(twins.get(layer.name)?.getWeights() ?? []);
  });
}
