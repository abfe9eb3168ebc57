import {walkLayers, type WalkVisitor} from '../../calibration/layerWalk.ts';
import {type LayerFilter, layerNamesIn} from '../../calibration/targets.ts';
import {targetVisitor} from '../../calibration/targetStatistics.ts';
import {DataError} from '../../errors.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {createNetworkPair, type NetworkPair} from '../../model/networkPair.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {requireUnpacked} from '../../packed/requireUnpacked.ts';
import type {CompressedLayer} from '../../records.ts';
import type {LayerReport} from '../../report/layerReport.ts';
import {chooseTargets} from './chooseTargets.ts';
import {type Compression, createNextCompression, requireAlive} from './compression.ts';
import {createLayerVisit, type LayerVisit} from './layerVisit.ts';
import {requireFiniteInputs, requireFiniteWeights} from './requireFinite.ts';
import {rewriteLayer} from './rewriteLayer.ts';
import type {StageContext} from './stageContext.ts';

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
  /** Visitors besides the layers with a weight matrix. */
  readonly others?: (networks: NetworkPair) => ReadonlyArray<WalkVisitor & {readonly name: string}>;
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
export async function visitLayers(
  compression: Compression,
  options: VisitOptions,
  context: StageContext,
  compress: (visit: LayerVisit) => Promise<LayerResult>,
): Promise<Compression> {
  const {original, calibration, model} = compression;
  requireUnpacked(context.stage, model, 'pack() goes last: put this stage before it');
  if (!calibration) {
    throw new DataError(
      `${context.stage}: expected calibration data, got none; put calibrate(x) before it, or start from fit(model, x, y)`,
    );
  }
  requireAlive(context.stage, original);
  requireAlive(context.stage, model);
  const networks = await createNetworkPair(original, model);
  try {
    const {targets, skipped} = chooseTargets(context.stage, networks, options);
    await requireFiniteWeights(
      networks.original.calls.map(({layer}) => layer),
      context.stage,
    );
    const done: LayerResult[] = [];
    const visitors = targets.map((target) =>
      targetVisitor(target, async (statistics) => {
        context.progress(target.name, done.length, targets.length);
        requireFiniteInputs(target.name, statistics, context.stage);
        await context.checkpoint();
        const visit = await createLayerVisit(target, statistics, {
          compression,
          networks,
          bias: options.bias,
          runner: context,
        });
        const result = await compress(visit);
        if (result.values)
          rewriteLayer(target, visit.biasTarget, {values: result.values, shifts: result.shifts}, networks);
        done.push(result);
      }),
    );
    const others = options.others?.(networks) ?? [];
    const inOrder = [...visitors, ...others].sort((one, other) => one.calls[0] - other.calls[0]);
    await walkLayers(inOrder, {
      networks,
      model: original,
      source: calibration,
      memory: options.memory,
      seed: options.seed,
      runner: context,
    });
    context.progress('', targets.length, targets.length);
    return createNextCompression(compression, networks.shadowModel, context, {
      layers: done.map(({layer}) => layer),
      reports: done.map(({report}) => report),
      skipped: skipped.filter(({name}) => !others.some((other) => other.name === name)),
      order: layerNamesIn(networks.shadow),
    });
  } catch (error) {
    disposeModel(networks.shadowModel);
    throw error;
  }
}
