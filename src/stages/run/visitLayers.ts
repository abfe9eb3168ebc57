import {walkLayers, type WalkVisitor} from '../../calibration/layerWalk.ts';
import type {ProblemStatistics} from '../../calibration/problemStatistics.ts';
import {type CompressionTarget, type LayerFilter, layerNamesIn} from '../../calibration/targets.ts';
import {targetVisitor} from '../../calibration/targetStatistics.ts';
import type {BatchSource} from '../../data/batchSource.ts';
import {DataError} from '../../errors.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {createNetworkPair, type NetworkPair} from '../../model/networkPair.ts';
import {requireAlive} from '../../model/requireModel.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {requireUnpacked} from '../../packed/requireUnpacked.ts';
import type {CompressedLayer} from '../../records.ts';
import type {LayerReport} from '../../report/layerReport.ts';
import {chooseTargets} from './chooseTargets.ts';
import {type Compression, createNextCompression, type StageResult} from './compression.ts';
import {createLayerVisit, type LayerVisit} from './layerVisit.ts';
import {requireFiniteInputs, requireFiniteWeights} from './requireFinite.ts';
import {rewriteLayer} from './rewriteLayer.ts';
import type {StageContext} from './stageContext.ts';

/** Which layers a stage visits, and how. */
export interface VisitOptions {
  /** Whether biases take up the mean error, with statistics centred for it. */
  readonly bias: boolean;
  readonly filter: LayerFilter;
  /** Layers that the filter names: each must exist. */
  readonly names: readonly string[];
  /** Bytes that live activations may take between layers. */
  readonly memory: number;
  readonly seed: number;
  /** Visitors of the walk in addition to the compression targets. */
  readonly others?: (networks: NetworkPair) => ReadonlyArray<WalkVisitor & {readonly name: string}>;
}

/** The result of a stage for one layer. */
export interface LayerResult {
  readonly layer: CompressedLayer;
  readonly report: LayerReport;
  /** New weights, one matrix per problem; absent: the layer stays as it is. */
  readonly values?: readonly Matrix[];
  /** The shift of the bias from that of the original, one per problem; absent: biases stay as they are. */
  readonly shifts?: ReadonlyArray<Float64Array | undefined> | undefined;
}

/** Makes the new weights of a layer. */
export type CompressLayer = (visit: LayerVisit) => Promise<LayerResult>;

/**
 * Visits every layer that has an adapter and passes the filter, along the layer walk, and rewrites it. The given
 * compression stays as it was.
 * @throws DataError without calibration data, ModelError for a model that cannot be compressed
 */
export async function visitLayers(
  compression: Compression,
  options: VisitOptions,
  context: StageContext,
  compress: CompressLayer,
): Promise<Compression> {
  const source = requireVisitable(compression, context.stage);
  const networks = await createNetworkPair(compression.original, compression.model);
  try {
    const result = await walkTargets({compression, source, networks, options, context, compress});
    return createNextCompression(compression, networks.shadowModel, context, result);
  } catch (error) {
    disposeModel(networks.shadowModel);
    throw error;
  }
}

/** @returns the calibration data */
function requireVisitable({original, model, calibration}: Compression, stage: string): BatchSource {
  requireUnpacked(stage, model, 'pack() goes last: put this stage before it');
  if (!calibration) {
    throw new DataError(
      `${stage}: expected calibration data, got none; put calibrate(x) before it, or start from fit(model, x, y)`,
    );
  }
  requireAlive(stage, original);
  requireAlive(stage, model);
  return calibration;
}

/** What a run over the layers needs. */
interface VisitRun {
  readonly compression: Compression;
  readonly source: BatchSource;
  readonly networks: NetworkPair;
  readonly options: VisitOptions;
  readonly context: StageContext;
  readonly compress: CompressLayer;
}

async function walkTargets(run: VisitRun): Promise<StageResult> {
  const {compression, source, networks, options, context} = run;
  const {targets, skipped} = chooseTargets(context.stage, networks, options);
  await requireFiniteWeights(
    networks.original.calls.map(({layer}) => layer),
    context.stage,
  );
  const done: LayerResult[] = [];
  const visitors = targets.map((target) =>
    targetVisitor(target, async (statistics) => {
      context.progress(target.name, done.length, targets.length);
      done.push(await visitTarget(target, statistics, run));
    }),
  );
  const others = options.others?.(networks) ?? [];
  const inOrder = [...visitors, ...others].sort((one, other) => one.calls[0] - other.calls[0]);
  const {memory, seed} = options;
  await walkLayers(inOrder, {networks, model: compression.original, source, memory, seed, runner: context});
  context.progress('', targets.length, targets.length);
  return {
    layers: done.map(({layer}) => layer),
    reports: done.map(({report}) => report),
    skipped: skipped.filter(({name}) => !others.some((other) => other.name === name)),
    order: layerNamesIn(networks.shadow),
  };
}

/** The target's turn: its statistics are complete, and every layer before it is rewritten. */
async function visitTarget(
  target: CompressionTarget,
  statistics: readonly ProblemStatistics[],
  {compression, networks, options: {bias}, context, compress}: VisitRun,
): Promise<LayerResult> {
  requireFiniteInputs(target.name, statistics, context.stage);
  await context.checkpoint();
  const visit = await createLayerVisit(target, statistics, {compression, networks, bias, runner: context});
  const result = await compress(visit);
  const {values, shifts} = result;
  if (values) rewriteLayer(target, visit.biasTarget, {values, shifts}, networks);
  return result;
}
