import {getBackend} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {packedLayersOf} from '../../packed/requireUnpacked.ts';
import {packedLayerReport} from './packedLayerReport.ts';

/** Whether a packed model is checked if nobody says: on a GPU, whose drivers vary. Without the plugin it can be saved there, and nothing else. */
export function selfChecksByDefault(packed: LayersModel): boolean {
  return (
    getBackend() === 'webgpu' &&
    packedLayersOf(packed)
      .map(packedLayerReport)
      .every(({route}) => route !== undefined)
  );
}
