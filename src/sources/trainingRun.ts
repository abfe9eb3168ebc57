import {dispose} from '@tensorflow/tfjs-core';
import {Callback, CallbackList, CustomCallback, type LayersModel, type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {tensorsOnTape} from '../tfjsInternals.ts';

/** The callbacks of one `fit`: instances, plain objects, or a mixture. */
export type GivenCallbacks = Pick<ModelFitArgs, 'callbacks' | 'yieldEvery'>;

type Instances = NonNullable<ConstructorParameters<typeof CallbackList>[0]>;
type EpochLogs = Parameters<Callback['onEpochEnd']>[1];

/**
 * Stands between tfjs and the callbacks of one training. A training that throws would leave tensors of tfjs behind: so
 * the first error is kept here, no further callback runs, and training ends as with `stopTraining`.
 */
export class TrainingRun extends Callback {
  private readonly callbacks: CallbackList;
  private failure: {readonly error: unknown} | undefined;
  private isRunning = false;
  private hasBatches = false;
  private isStopRequested = false;

  /** @param others callbacks that run after the given ones */
  constructor(given: GivenCallbacks, others: Instances) {
    super();
    this.callbacks = new CallbackList([...instancesOf(given), ...others]);
  }

  /** Whether training is to end, by an error or because it was unsubscribed from. */
  get isStopped(): boolean {
    return this.isStopRequested || this.failure !== undefined;
  }

  /** Waits for a training with this run as its only callback. Rejects with the first error. */
  async of(train: (run: this) => Promise<unknown>): Promise<void> {
    try {
      await train(this);
    } catch (error) {
      dropTape();
      throw this.failure ? this.failure.error : error;
    } finally {
      this.isRunning = false;
    }
    if (this.failure) throw this.failure.error;
  }

  /** Ends the training after the current batch. */
  stop(): void {
    this.isStopRequested = true;
    this.forward();
  }

  /** Ends the training with an error; later ones are ignored. */
  fail(error: unknown): void {
    this.failure ??= {error};
    this.forward();
  }

  override setModel(model: LayersModel): void {
    super.setModel(model);
    this.callbacks.setModel(model);
  }

  override setParams(params: Callback['params']): void {
    super.setParams(params);
    this.callbacks.setParams(params);
  }

  override async onTrainBegin(logs?: EpochLogs): Promise<void> {
    this.isRunning = true;
    await this.call(() => this.callbacks.onTrainBegin(logs));
  }

  override async onEpochBegin(epoch: number, logs?: EpochLogs): Promise<void> {
    await this.call(() => this.callbacks.onEpochBegin(epoch, logs));
  }

  override async onBatchBegin(batch: number, logs?: EpochLogs): Promise<void> {
    this.hasBatches = true;
    await this.call(() => this.callbacks.onBatchBegin(batch, logs));
  }

  override async onBatchEnd(batch: number, logs?: EpochLogs): Promise<void> {
    await this.call(() => this.callbacks.onBatchEnd(batch, logs));
  }

  override async onEpochEnd(epoch: number, logs?: EpochLogs): Promise<void> {
    await this.call(() => this.callbacks.onEpochEnd(epoch, logs));
  }

  override async onTrainEnd(logs?: EpochLogs): Promise<void> {
    await this.call(() => this.callbacks.onTrainEnd(logs));
  }

  private async call(hook: () => Promise<void>): Promise<void> {
    if (this.failure === undefined) {
      try {
        await hook();
      } catch (error) {
        this.fail(error);
        // Before the first batch tfjs leaves no tensors behind, so it may end at once.
        if (!this.hasBatches) throw error;
      }
    }
    this.forward();
  }

  /** Repeated after every hook, because tfjs forgets a stop before its first epoch. */
  private forward(): void {
    if (this.isRunning && this.isStopped) this.model.stopTraining = true;
  }
}

/**
 * tfjs takes a list of instances or a list of plain objects. Only with plain objects, or no callback at all, it yields
 * to the event loop every `yieldEvery`; so do the CustomCallbacks here.
 */
function instancesOf({callbacks, yieldEvery}: GivenCallbacks): Instances {
  const given = callbacks === undefined ? [] : [callbacks].flat();
  const instances = given.map((callback) =>
    'setModel' in callback ? callback : new CustomCallback(callback, yieldEvery),
  );
  return instances.some((callback) => callback instanceof CustomCallback)
    ? instances
    : [...instances, new CustomCallback({}, yieldEvery)];
}

/**
 * Frees what tfjs saved for the gradient of a loss that could not be computed; tfjs does so only after the gradient.
 */
function dropTape(): void {
  dispose(tensorsOnTape());
}
