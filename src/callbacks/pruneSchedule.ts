import {Callback, type LayersModel} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {adoptWeights} from '../model/cloneModel.ts';
import {sparsityOf} from '../numerics/linalg/mask.ts';
import {calibrate, type CalibrationData} from '../operators/calibrate.ts';
import {pruneStage} from '../operators/spfqPrune.ts';
import type {CompressedLayer} from '../records.ts';
import type {Report} from '../report/reportRecords.ts';
import {compress} from '../sources/compress.ts';
import type {Compression} from '../stages/run/compression.ts';
import {collectKeptMasks, keepZeros, type KeptMask} from './keptMasks.ts';
import {isDue, type PruneScheduleOptions, resolveSchedule, type Schedule, sparsityAt} from './pruneScheduleOptions.ts';
import {requireTrained} from './requireTrained.ts';

/** A step of a {@link PruneSchedule} at the end of an epoch. */
export interface PruningStep {
  /** Counted from 1. */
  readonly epoch: number;
  /** The sparsity of the schedule. */
  readonly sparsity: number;
  /** The share of zeros in all pruned layers together. */
  readonly reached: number;
}

const NAME = 'pruneSchedule';

type Stage = OperatorFunction<Compression, Compression>;

/** A Keras-style callback that gradually prunes the model under training, and keeps its zeros. */
export class PruneSchedule extends Callback {
  private trained: LayersModel | undefined;
  private masks: readonly KeptMask[] = [];
  private done: readonly PruningStep[] = [];
  private lastReport: Report | undefined;

  constructor(
    private readonly schedule: Schedule,
    private readonly calibrated: Stage,
  ) {
    super();
  }

  /** The steps since the first epoch. */
  get steps(): readonly PruningStep[] {
    return this.done;
  }

  /** The report of the last step. */
  get report(): Report | undefined {
    return this.lastReport;
  }

  /** Called by `fit`. */
  override setModel(model: LayersModel): void {
    super.setModel(model);
    if (model !== this.trained) this.restart();
    this.trained = model;
  }

  // Hooks are bound: with plain objects in the list tfjs calls them unbound, and does not tell which model it trains.

  /** Called by `fit`, which waits for it. */
  override readonly onTrainBegin = async (): Promise<void> => {
    requireTrained(NAME, this.trained);
  };

  /** Called by `fit`, which waits for it. */
  override readonly onEpochBegin = async (epochFrom0: number): Promise<void> => {
    if (epochFrom0 === 0) this.restart();
  };

  /** Called by `fit`, which waits for it. */
  override readonly onBatchEnd = async (): Promise<void> => {
    keepZeros(this.masks);
  };

  /** Called by `fit`, which waits for it. */
  override readonly onEpochEnd = async (epochFrom0: number): Promise<void> => {
    const epoch = epochFrom0 + 1;
    if (!isDue(this.schedule.decay, epoch)) return;
    const sparsity = sparsityAt(this.schedule.decay, epoch);
    const reached = sparsity > 0 ? await this.prune(sparsity) : 0;
    this.done = [...this.done, {epoch, sparsity, reached}];
  };

  /** Prunes a copy, then the model; returns the share of zeros. */
  private async prune(sparsity: number): Promise<number> {
    const model = requireTrained(NAME, this.trained);
    const {seed, stage} = this.schedule;
    const pruned = await lastValueFrom(
      compress(model, {seed}).pipe(this.calibrated, pruneStage(NAME, {...stage, sparsity})),
    );
    try {
      const masks = collectKeptMasks(NAME, pruned.layers, model);
      adoptWeights(model, pruned.model);
      [this.masks, this.lastReport] = [masks, pruned.report];
      return countZeros(pruned.layers);
    } finally {
      pruned.dispose();
    }
  }

  private restart(): void {
    [this.masks, this.done, this.lastReport] = [[], [], undefined];
  }
}

/**
 * Creates a {@link PruneSchedule} for the callbacks of one training: at the end of epochs `begin` to `end` it prunes
 * the model to a sparsity that grows from `from` to `to`, so that the epochs between compensate for each step;
 * afterwards the zeros stay until training ends. sparsity(e) = to + (from − to)·(1 − (e − begin)/(end − begin))^power
 * (Zhu & Gupta 2017).
 *
 * ```ts
 * const schedule = pruneSchedule(x, {to: 0.9, begin: 2, end: 8});
 * await model.fit(x, y, {epochs: 10, callbacks: schedule});
 * console.log(schedule.steps.map(({epoch, reached}) => `${epoch}: ${reached}`).join('\n'));
 * ```
 * Each step is {@link spfqPrune} on a copy of the model: masks compete, and the kept weights and biases compensate for
 * the others on the calibration data. Each step chooses its zeros anew, so a pruned weight may return. The optimizer's
 * state is not changed. Layers that spfqPrune leaves dense stay dense. A `fit` whose `initialEpoch` is not 0 continues
 * with the zeros of the previous one. If a step fails, `fit` rejects with its error, and the model keeps its weights.
 *
 * Later stages know nothing of zeros in a trained model: put `spfqPrune({sparsity: to})` in front of them, which finds
 * the same ones and keeps them.
 * @param data the data of {@link calibrate}; it is read at each step
 * @param options see {@link PruneScheduleOptions}
 * @throws OptionError or DataError at once, for an option or data that cannot be used
 */
export function pruneSchedule(data: CalibrationData, options: PruneScheduleOptions): PruneSchedule {
  const schedule = resolveSchedule(NAME, options);
  pruneStage(NAME, {...schedule.stage, sparsity: schedule.decay.to});
  return new PruneSchedule(schedule, calibrate(data, schedule.reading));
}

/** The share of zeros in all layers together. */
function countZeros(compressed: readonly CompressedLayer[]): number {
  const masks = compressed.flatMap(({matrices}) => matrices.map(({mask}) => mask ?? new Uint8Array()));
  const total = masks.reduce((sum, {length}) => sum + length, 0);
  return masks.reduce((sum, mask) => sum + sparsityOf(mask) * mask.length, 0) / total;
}
