import {DataError} from '../../errors.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {type Station, walkLayers} from '../../calibration/layerWalk.ts';
import {type Shadow, shadowOf} from '../../model/networkPair.ts';
import {type LayerFilter, namesIn} from '../../calibration/targets.ts';
import {siteStation} from '../../calibration/targetStatistics.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import type {LayerReport} from '../../report/report.ts';
import type {CompressedLayer, Compression} from '../../types.ts';
import {nextCompression, requireAlive} from './compression.ts';
import {type LayerVisit, visitOf} from './layerVisit.ts';
import {requireFiniteInputs, requireFiniteWeights} from './requireFinite.ts';
import {requireUnpacked} from '../../packed/requireUnpacked.ts';
import {rewriteLayer} from './rewriteLayer.ts';
import type {StageContext} from './stageContext.ts';
import {stageSites} from './stageTargets.ts';

/** Which layers a stage visits, and how. */
export interface VisitOptions {
  /** Whether biases take up the mean error, and the statistics are centred for it. */
  readonly bias: boolean;
  readonly filter: LayerFilter;
  /** Layers that the filter names: each must exist. */
  readonly names: readonly string[];
  /** Bytes that live activations may take between layers. */
  readonly memory: number;
  readonly seed: number;
  /** Stations besides the layers with a weight matrix. */
  readonly others?: (shadow: Shadow) => ReadonlyArray<Station & {readonly name: string}>;
}

/** What a stage made of a layer. */
export interface LayerResult {
  readonly layer: CompressedLayer;
  readonly report: LayerReport;
  /** New weights, by problem; absent: the layer stays as it is. */
  readonly values?: readonly Matrix[];
  /** What the bias gains over that of the original, by problem; absent: biases stay as they are. */
  readonly shifts?: ReadonlyArray<Float64Array | undefined> | undefined;
}

/**
 * Rewrites every layer of a model that has an adapter and passes the filter, along the layer walk.
 * The compression that comes in stays as it was.
 * @param compress makes the new weights of a layer
 * @throws DataError without calibration data, ModelError for a model that cannot be compressed
 */
export async function visitModel(compression: Compression, options: VisitOptions, context: StageContext, compress: (visit: LayerVisit) => Promise<LayerResult>): Promise<Compression> {
  const {original, calibration, model} = compression;
  requireUnpacked(context.stage, model, 'pack() goes last: put this stage before it');
  if (!calibration) {
    throw new DataError(`${context.stage}: expected calibration data, got none; put calibrate(x) before it, or start from fit(model, x, y)`);
  }
  requireAlive(context.stage, original);
  requireAlive(context.stage, model);
  const shadow = await shadowOf(original, model);
  try {
    const {sites, skipped} = stageSites(context.stage, shadow, options);
    await requireFiniteWeights(shadow.original.calls.map(({layer}) => layer), context.stage);
    const done: LayerResult[] = [];
    const stations = sites.map((site) => siteStation(site, async (statistics) => {
      context.progress(site.name, done.length, sites.length);
      requireFiniteInputs(site.name, statistics, context.stage);
      await context.pause();
      const visit = await visitOf(site, statistics, {compression, shadow, bias: options.bias, pause: context.pause});
      const result = await compress(visit);
      if (result.values) rewriteLayer(site, visit.biasPlace, {values: result.values, shifts: result.shifts}, shadow);
      done.push(result);
    }));
    const others = options.others?.(shadow) ?? [];
    const inOrder = [...stations, ...others].sort((one, other) => one.calls[0] - other.calls[0]);
    await walkLayers(inOrder, {shadow, model: original, source: calibration, memory: options.memory, seed: options.seed, pause: context.pause});
    context.progress('', sites.length, sites.length);
    return nextCompression(compression, shadow.model, context, {
      layers: done.map(({layer}) => layer),
      reports: done.map(({report}) => report),
      skipped: skipped.filter(({name}) => !others.some((other) => other.name === name)),
      order: namesIn(shadow.copy),
    });
  } catch (error) {
    disposeModel(shadow.model);
    throw error;
  }
}
