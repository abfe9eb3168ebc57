import type {LayersModel} from '@tensorflow/tfjs-layers';
import {kernelWeight} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import {kernelsOf} from '../../layers/registry.ts';
import {layersOf} from '../../model/layersOf.ts';
import {requireAlive} from '../../model/requireModel.ts';
import {unpackWeights} from '../../numerics/coding/packedMatrices.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {integer, type OptionRules, resolveOptions} from '../../options.ts';
import {Packed} from '../../packed/packed.ts';
import {matricesOf} from '../../packed/packedExecution.ts';
import {storedKernelsOf} from '../../packed/storedKernels.ts';
import type {CompressedLayer} from '../../records.ts';
import type {Compression} from '../run/compression.ts';
import {keptHistogram, stepHistogram, type WeightHistogram} from './weightHistogram.ts';

/** Options of {@link letterHistograms}. */
export interface LetterHistogramOptions {
  /** The largest number of bins of a layer, at least 8. Default 96. */
  readonly bins?: number;
}

/** The distribution of the weights of a layer, before and after compression. */
export interface LetterHistogram extends WeightHistogram {
  /** The name of the layer in its model. */
  readonly name: string;
}

const RULES: OptionRules<Required<LetterHistogramOptions>> = {bins: integer(96, 8, 4096)};

/**
 * Counts the weights of every compressed layer, before and after. Only one layer is read at a time.
 *
 * If all letters of a layer share one step and offset, weights are counted as they are; otherwise each is counted in
 * units of its own step, (w − offset) / step, so that the letters of all neurons coincide.
 *
 * ```ts
 * const [{bins, letters, prunedShare}] = await letterHistograms(compression, {bins: 32});
 * ```
 * @param compression the result of any pipeline, packed or not; it is not changed
 * @returns one histogram for each compressed layer, in their order
 * @throws OptionError, ModelError if the model or its original was disposed of
 */
export async function letterHistograms(
  compression: Compression,
  options: LetterHistogramOptions = {},
): Promise<readonly LetterHistogram[]> {
  const {bins} = resolveOptions<Required<LetterHistogramOptions>>('letterHistograms', options, RULES);
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
