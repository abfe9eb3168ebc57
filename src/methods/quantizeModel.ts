import {add, dispose, tensor, tensor1d, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {DataError, ModelError} from '../errors.ts';
import {disposeModel} from '../graph/disposeModel.ts';
import {walkLayers} from '../graph/layerWalk.ts';
import {type Shadow, shadowOf} from '../graph/shadow.ts';
import {findSites, type LayerFilter, type LayerSite} from '../graph/sites.ts';
import type {ProblemStatistics} from '../graph/siteStatistics.ts';
import type {Matrix} from '../numerics/matrix.ts';
import {biasShift, centred} from '../numerics/centering.ts';
import {layerReport, type ProblemOutcome} from '../report/layerReport.ts';
import type {LayerReport} from '../report/report.ts';
import {requireKernel} from '../ops/followPath.ts';
import type {CompressedLayer, Compression} from '../types.ts';
import type {StageContext} from './stageContext.ts';
import {type QuantizeMethod, quantizeWeights} from './quantizeWeights.ts';
import {nextCompression, requireAlive} from './compressionOf.ts';

/** How to quantize a model. */
export interface QuantizeModelOptions extends QuantizeMethod {
  /** Whether biases take up the mean error, and the statistics are centred for it. */
  readonly bias: boolean;
  readonly filter: LayerFilter;
  /** Layers that the filter names: each must exist. */
  readonly names: readonly string[];
  readonly memory: number;
}

/**
 * Quantizes every layer of a model that has an adapter and passes the filter, along the layer walk.
 * The compression that comes in stays as it was.
 * @throws DataError without calibration data, ModelError for weights that cannot be quantized
 */
export async function quantizeModel(compression: Compression, options: QuantizeModelOptions, context: StageContext): Promise<Compression> {
  const {original, calibration, model} = compression;
  if (!calibration) {
    throw new DataError(`${context.stage}: expected calibration data, got none; put calibrate(x) before it, or start from fit(model, x, y)`);
  }
  if (options.strictKernels) requireKernel();
  requireAlive(context.stage, original);
  requireAlive(context.stage, model);
  const shadow = await shadowOf(original, model);
  try {
    requireNamed(context.stage, options.names, shadow);
    const {sites, skipped} = findSites(shadow, options.filter);
    if (sites.length === 0) throw new ModelError(noSites(context.stage, skipped));
    await requireFinite(shadow.original.calls.map(({layer}) => layer), context.stage);
    const done: Array<{layer: CompressedLayer; report: LayerReport}> = [];
    await walkLayers(sites, {shadow, model: original, source: calibration, memory: options.memory, seed: options.seed, pause: context.pause}, async (site, statistics) => {
      context.progress(site.layer.name, done.length, sites.length);
      done.push(await quantizeSite(site, statistics, options, context, (weights) => { shadow.rewrite(site.layer, weights); }));
    });
    context.progress('', sites.length, sites.length);
    return nextCompression(compression, shadow.model, context, {layers: done.map(({layer}) => layer), reports: done.map(({report}) => report), skipped});
  } catch (error) {
    disposeModel(shadow.model);
    throw error;
  }
}

async function quantizeSite(
  site: LayerSite, statistics: ProblemStatistics[], options: QuantizeModelOptions, context: StageContext, write: (weights: Tensor[]) => void,
): Promise<{layer: CompressedLayer; report: LayerReport}> {
  const begin = performance.now();
  requireFiniteInputs(site.layer, statistics, context.stage);
  const matrices = await originalMatrices(site);
  // Without a bias there is nothing to take up the mean error.
  const centre = options.bias && site.layer.getWeights().length > 1;
  const outcomes: ProblemOutcome[] = [];
  for (const [p, weights] of matrices.entries()) {
    const grams = centre ? centred(statistics[p]) : statistics[p];
    const quantized = await quantizeWeights({weights, ...grams}, {layer: site.number, problem: p}, options, context.pause);
    outcomes.push({weights, statistics: statistics[p], gram: grams.gram, quantized, shift: centre ? biasShift(statistics[p], weights, quantized.values) : undefined});
  }
  writeBack(site, outcomes, write);
  const layer: CompressedLayer = {
    name: site.layer.name,
    className: site.layer.getClassName(),
    alphabet: options.alphabet,
    granularity: options.granularity,
    problems: outcomes.map(({weights, quantized}) => ({features: weights.rows, neurons: weights.columns, codes: quantized.codes, scales: quantized.scales})),
  };
  return {layer, report: await layerReport(layer, outcomes, options, performance.now() - begin)};
}

/** W of the original network: what the layer is to do, whatever earlier stages made of its copy. */
async function originalMatrices({original, adapter}: LayerSite): Promise<Matrix[]> {
  const kernel = original.getWeights()[0];
  return adapter.toMatrices(await kernel.data(), kernel.shape);
}

/** Biases, too, start from the original: an earlier stage's shift made up for its own letters. */
function writeBack({original, adapter}: LayerSite, outcomes: readonly ProblemOutcome[], write: (weights: Tensor[]) => void): void {
  const [kernel, bias, ...others] = original.getWeights();
  const values = tensor(adapter.fromMatrices(outcomes.map(({quantized}) => quantized.values), kernel.shape), kernel.shape);
  const shift = Float32Array.from(outcomes.flatMap((outcome) => (outcome.shift ? Array.from(outcome.shift) : [])));
  const shifted = shift.length > 0 ? tidy(() => add(bias, tensor1d(shift))) : undefined;
  write(bias === undefined ? [values] : [values, shifted ?? bias, ...others]);
  dispose(shifted ? [values, shifted] : [values]);
}

/** Of layers that stay as they are, too: what they give is what the next ones calibrate on. */
async function requireFinite(all: readonly layers.Layer[], stage: string): Promise<void> {
  for (const layer of new Set(all)) {
    for (const [i, weight] of layer.getWeights().entries()) {
      const values = await weight.data();
      const bad = values.find((value) => !Number.isFinite(value));
      if (bad !== undefined) {
        throw new ModelError(`${stage}: layer '${layer.name}': expected finite weights, got ${bad} in ${nameOfWeight(layer, i)}; retrain or reload the model`);
      }
    }
  }
}

/** Finite data and weights may still overflow on the way. */
function requireFiniteInputs(layer: layers.Layer, statistics: readonly ProblemStatistics[], stage: string): void {
  if (statistics.every(({gram, crossGram}) => [gram, crossGram].every(({data}) => data.every(Number.isFinite)))) return;
  throw new DataError(`${stage}: layer '${layer.name}': expected inputs whose squares are finite, got NaN or Infinity from the layers before it; ` +
    'scale the calibration data as in training');
}

function nameOfWeight(layer: layers.Layer, index: number): string {
  return layer.weights[index].originalName;
}

function requireNamed(stage: string, names: readonly string[], {copy}: Shadow): void {
  const known = [...new Set(copy.calls.map(({layer}) => layer.name))];
  const missing = names.find((name) => !known.includes(name));
  if (missing !== undefined) throw new ModelError(`${stage}: expected a layer named '${missing}', as in \`include\` or \`exclude\`; the layers are ${known.join(', ')}`);
}

function noSites(stage: string, skipped: ReadonlyArray<{name: string; className: string; reason: string}>): string {
  const reasons = skipped.map(({name, className, reason}) => `${name} (${className}): ${reason}`).join('; ');
  return `${stage}: expected a model with at least one layer to compress, got none${reasons ? `: ${reasons}` : ', as no layer has weights'}`;
}
