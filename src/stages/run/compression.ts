import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {BatchSource} from '../../data/batchSource.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {requireBuilt} from '../../model/requireModel.ts';
import {requireUnpacked} from '../../packed/requireUnpacked.ts';
import type {ProgressObserver} from '../../progress.ts';
import type {CompressedLayer, SkippedLayer} from '../../records.ts';
import type {LayerReport} from '../../report/layerReport.ts';
import {createReport, emptyReport} from '../../report/report.ts';
import type {Report, ReportData} from '../../report/reportRecords.ts';
import {sizesOf} from '../../report/sizes.ts';
import type {StageContext} from './stageContext.ts';

/** A model on its way through the stages: an immutable record, of which each stage makes the next. */
export interface Compression {
  /** The model before the first stage; never written to, never disposed of. */
  readonly original: LayersModel;
  /** The same topology, compressed so far. Before the first stage it is `original` itself. */
  readonly model: LayersModel;
  /** The compressed layers, in the order of the walk. */
  readonly layers: readonly CompressedLayer[];
  /** The calibration data, unless {@link calibrate} names other data. */
  readonly calibration: BatchSource | undefined;
  /** What the stages did so far, and the outcome. */
  readonly report: Report;
  /** The default seed of the stages. */
  readonly seed: number;
  /** Observers of the progress of the following stages. */
  readonly observers: readonly ProgressObserver[];
  /** The epoch, from 1, after which {@link epochEnd} took it; absent from other sources. */
  readonly epoch?: number;
  /** The source's side of it. */
  readonly origin: Origin;
  /**
   * Frees `model`, unless it is the user's own; from {@link epochEnd} and {@link compressGraph} also `original`, which
   * is a copy there. A compression belongs to its receiver: a stage frees the one it was given when it has made the
   * next, the last subscriber keeps the model or disposes of it.
   */
  dispose(): void;
}

/** What the source of a compression has to free, await, or keep for it. */
export interface Origin {
  /** Frees `original` if the source made it for this compression alone. A second call does nothing. */
  release(): void;
  /** Called with all work on the compression, for training to wait for. */
  wait(work: Promise<unknown>): void;
  /** The converted graph that `original` stands for, for {@link exportGraph}; from {@link compressGraph} only. */
  readonly graph?: object;
}

/** Origin of a user-owned model: nothing to release or await. */
const USER_OWNED: Origin = {release: () => undefined, wait: () => undefined};

/**
 * The first compression of a pipeline.
 * @throws ModelError if the model is no LayersModel, not built, packed, or disposed of
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

/** The result of a stage that visited layers. */
export interface StageResult {
  readonly layers: readonly CompressedLayer[];
  readonly reports: readonly LayerReport[];
  readonly skipped: readonly SkippedLayer[];
  /** Names of all layers, in the order of the walk. */
  readonly order: readonly string[];
}

/** The compression after a stage that made `model`; records of layers that it did not visit stay as they were. */
export function createNextCompression(
  before: Compression,
  model: LayersModel,
  context: StageContext,
  {layers, reports, skipped, order}: StageResult,
): Compression {
  const layerReports = replaceByName(before.report.layers, reports, order);
  return {
    ...before,
    model,
    layers: replaceByName(before.layers, layers, order),
    report: nextReport(before.report, context, {
      layers: layerReports,
      skipped: [...before.report.skipped, ...skipped.map((layer) => ({stage: context.stage, ...layer}))],
      size: sizesOf(model, layerReports),
      evaluation: undefined,
    }),
    dispose: disposeFunction(model, before),
  };
}

/** The report after a stage: its name and time are added, and `changes` replace the data of before. */
export function nextReport(before: Report, {stage, elapsed}: StageContext, changes: Partial<ReportData>): Report {
  return createReport({
    ...before.toJSON(),
    ...changes,
    stages: [...before.stages, stage],
    milliseconds: before.milliseconds + elapsed(),
  });
}

/** Records in the given order of names; where both lists have a name, the new record replaces the old one. */
function replaceByName<Item extends {readonly name: string}>(
  before: readonly Item[],
  made: readonly Item[],
  order: readonly string[],
): Item[] {
  const rank = ({name}: Item): number => order.indexOf(name);
  const untouched = before.filter(({name}) => !made.some((item) => item.name === name));
  return [...untouched, ...made].sort((one, other) => rank(one) - rank(other));
}

/** Frees the model that a stage made, and what the source made for it. */
export function disposeFunction(model: LayersModel, {origin}: Compression): () => void {
  return () => {
    disposeModel(model);
    origin.release();
  };
}

/**
 * Refuses a model that cannot be compressed.
 * @throws ModelError if it is no LayersModel, not built, packed, or disposed of
 */
export function requireCompressible(where: string, model: LayersModel): void {
  requireBuilt(where, model);
  requireUnpacked(where, model, 'a packed model cannot be compressed again: load the float model');
}
