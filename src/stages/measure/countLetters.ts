import type {LayersModel} from '@tensorflow/tfjs-layers';
import {kernelWeight} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import {kernelsOf} from '../../layers/registry.ts';
import {layersOf} from '../../model/layersOf.ts';
import {requireAlive} from '../../model/requireModel.ts';
import {unpackWeights} from '../../numerics/coding/unpackWeights.ts';
import {type Matrix} from '../../numerics/linalg/matrix.ts';
import {Packed} from '../../packed/packed.ts';
import {matricesOf} from '../../packed/packedExecution.ts';
import {storedKernelsOf} from '../../packed/storedKernels.ts';
import type {CompressedLayer} from '../../records.ts';
import type {Compression} from '../run/compression.ts';
import {keptHistogram, stepHistogram, type WeightHistogram} from './weightHistogram.ts';

/** How the weights of a compressed layer were distributed, and what became of them. */
export interface LetterHistogram extends WeightHistogram {
  /** The name of the layer in its model. */
  readonly name: string;
}

/**
 * Counts the weights of every compressed layer in at most `bins` bins. Only one layer at a time is read.
 * @throws ModelError if the model or its original was disposed of
 */
export async function countLetters(compression: Compression, bins: number): Promise<readonly LetterHistogram[]> {
  const {original, model, layers} = compression;
  requireAlive('letterHistograms', original);
  requireAlive('letterHistograms', model);
  const histograms: LetterHistogram[] = [];
  for (const record of layers) {
    const before = await matricesIn(original, record);
    const histogram =
      record.kind === 'quantized'
        ? stepHistogram(record, before, bins)
        : keptHistogram(record, before, await matricesIn(model, record), bins);
    histograms.push({name: record.name, ...histogram});
  }
  return histograms;
}

/** The weight matrices of a kernel, whether its layer is packed or not. */
async function matricesIn(model: LayersModel, {name, className}: CompressedLayer): Promise<Matrix[]> {
  for (const layer of layersOf(model)) {
    if (layer instanceof Packed) {
      const kernel = storedKernelsOf(layer).find((one) => one.name === name);
      if (kernel) return unpackWeights(kernel.stored.packing, matricesOf(layer.name, kernel.stored, kernel.tensors));
    }
    const found = kernelsOf(layer).find((one) => one.name === name);
    if (!found) continue;
    const weight = kernelWeight(layer, found.kernel);
    return found.kernel.toMatrices(await weight.data(), weight.shape);
  }
  throw new ModelError(
    `letterHistograms: expected a layer '${name}', a ${className}, found none; ` +
      'the model was changed after it was compressed',
  );
}
