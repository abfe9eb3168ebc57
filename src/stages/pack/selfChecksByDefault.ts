import {getBackend} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {packedLayersOf} from '../../packed/requireUnpacked.ts';
import {packedLayerReport} from './packedLayerReport.ts';

/**
 * The default of `selfCheck`: true on WebGPU, because drivers vary. Without its plugin a model can be packed and saved
 * there, but no packed layer can run, so there is nothing to compare.
 */
export function selfChecksByDefault(packed: LayersModel): boolean {
  return (
    getBackend() === 'webgpu' &&
    packedLayersOf(packed)
      .map(packedLayerReport)
      .every(({route}) => route !== undefined)
  );
}
