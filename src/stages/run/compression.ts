import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {BatchSource} from '../../data/batchSource.ts';
import {formatValue, ModelError} from '../../errors.ts';
import {disposeModel, isDisposed} from '../../model/disposeModel.ts';
import {requireUnpacked} from '../../packed/requireUnpacked.ts';
import type {ProgressObserver} from '../../progress.ts';
import type {CompressedLayer, SkippedLayer} from '../../records.ts';
import type {LayerReport} from '../../report/layerReport.ts';
import {createReport, emptyReport} from '../../report/report.ts';
import type {Report} from '../../report/reportRecords.ts';
import {sizesOf} from '../../report/sizes.ts';
import type {StageContext} from './stageContext.ts';

/** A model on its way through the stages: an immutable record that each stage replaces by the next. */
export interface Compression {
  /** The model as it came; never written to, never disposed. */
  readonly original: LayersModel;
  /** The same topology, compressed so far. Before the first stage it is `original` itself. */
  readonly model: LayersModel;
  /** The compressed layers, in the order of the walk. */
  readonly layers: readonly CompressedLayer[];
  /** What stages calibrate on, unless {@link calibrate} names something else. */
  readonly calibration: BatchSource | undefined;
  /** What the stages so far did, and what came of it. */
  readonly report: Report;
  /** The default seed of the stages. */
  readonly seed: number;
  /** Who sees the progress of the stages that follow. */
  readonly observers: readonly ProgressObserver[];
  /** The epoch at whose end it was taken, from 1; of {@link epochEnd} only. */
  readonly epoch?: number;
  /** What its source did for it, and has to know of it. */
  readonly origin: Origin;
  /**
   * Frees `model`, unless it is the user's own; of {@link epochEnd} and {@link compressGraph} `original` too, which is a copy. Whoever receives a compression
   * owns it: a stage frees what it was given when it has made the next, the last subscriber keeps the model or disposes of it.
   */
  dispose(): void;
}

/** The source's side of a compression. */
export interface Origin {
  /** Frees `original`, where the source made it for this compression alone. More than once is once. */
  release(): void;
  /** Told of all work on the compression, where training has to wait for it. */
  wait(work: Promise<unknown>): void;
  /** What {@link exportGraph} needs of the converted graph that `original` stands for; of {@link compressGraph} only. */
  readonly graph?: object;
}

/** A model that belongs to the user, and for which nobody waits. */
const USER_OWNED: Origin = {release: () => undefined, wait: () => undefined};

/**
 * A model as the first compression of a pipeline.
 * @throws ModelError if it is no LayersModel, not built, packed, or disposed of
 */
export function createCompression(
  where: string,
  model: LayersModel,
  calibration: BatchSource | undefined,
  seed: number,
  origin = USER_OWNED,
): Compression {
  requireCompressible(where, model);
  return {
    original: model,
    model,
    layers: [],
    calibration,
    seed,
    observers: [],
    origin,
    report: emptyReport(model.countParams()),
    dispose: () => {
      origin.release();
    },
  };
}

/** What a stage made. */
export interface StageResult {
  readonly layers: readonly CompressedLayer[];
  readonly reports: readonly LayerReport[];
  readonly skipped: readonly SkippedLayer[];
  /** Names of all layers, in the order of the walk. */
  readonly order: readonly string[];
}

/** The record after a stage that gave `model`; layers that it did not touch stay as they were. */
export function createNextCompression(
  before: Compression,
  model: LayersModel,
  context: StageContext,
  {layers, reports, skipped, order}: StageResult,
): Compression {
  const kept = <Item extends {readonly name: string}>(old: readonly Item[], made: readonly Item[]): Item[] =>
    [...old.filter(({name}) => !made.some((item) => item.name === name)), ...made].sort(
      (one, other) => order.indexOf(one.name) - order.indexOf(other.name),
    );
  const allReports = kept(before.report.layers, reports);
  return {
    ...before,
    model,
    layers: kept(before.layers, layers),
    report: createReport({
      ...before.report.toJSON(),
      stages: [...before.report.stages, context.stage],
      layers: allReports,
      skipped: [...before.report.skipped, ...skipped.map((layer) => ({stage: context.stage, ...layer}))],
      size: sizesOf(model, allReports),
      evaluation: undefined,
      milliseconds: before.report.milliseconds + context.elapsed(),
    }),
    dispose: disposeFunction(model, before),
  };
}

/** Frees what a stage made, and what the source made for it. */
export function disposeFunction(model: LayersModel, {origin}: Compression): () => void {
  return () => {
    disposeModel(model);
    origin.release();
  };
}

/**
 * Refuses what is no model that can be compressed.
 * @throws ModelError if it is no LayersModel, not built, packed, or disposed of
 */
export function requireCompressible(where: string, model: LayersModel): void {
  requireBuilt(where, model);
  requireUnpacked(where, model, 'a packed model cannot be compressed again: load the float model');
}

/**
 * Refuses what is no model, and a model that cannot run.
 * @throws ModelError if it is no LayersModel, not built, or disposed of
 */
export function requireBuilt(where: string, model: LayersModel): void {
  const given: unknown = model;
  if (typeof given !== 'object' || given === null || !('layers' in given) || !('getWeights' in given)) {
    const kind = typeof given === 'object' && given !== null ? 'another object' : formatValue(given);
    throw new ModelError(
      `${where}: expected a tf.LayersModel, got ${kind}; a tf.GraphModel goes into compressGraph(model)`,
    );
  }
  if (!('inputs' in given && Array.isArray(given.inputs) && given.inputs.length > 0)) {
    throw new ModelError(
      `${where}: expected a built model, got one without inputs; give its first layer an inputShape, or call model.build(shape)`,
    );
  }
  requireAlive(where, model);
}

/**
 * Refuses a model that was disposed of.
 * @throws ModelError
 */
export function requireAlive(where: string, model: LayersModel): void {
  if (isDisposed(model))
    throw new ModelError(`${where}: expected a live model, got '${model.name}' after its dispose(); load it again`);
}
