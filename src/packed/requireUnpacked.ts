import type {LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';
import {layersOf} from '../model/layersOf.ts';
import {Packed} from './packed.ts';

/** The packed layers of a model, those of nested models included, each once. */
export function packedLayersOf(model: LayersModel): Packed[] {
  return [...new Set(layersOf(model).filter((layer) => layer instanceof Packed))];
}

/**
 * Refuses a packed model, whose weights are letters already.
 * @param advice what to do instead
 * @throws ModelError that names a packed layer
 */
export function requireUnpacked(where: string, model: LayersModel, advice: string): void {
  const packed = packedLayersOf(model).at(0);
  if (packed)
    throw new ModelError(
      `${where}: expected a model that is not packed, found the packed layer '${packed.name}'; ${advice}`,
    );
}
