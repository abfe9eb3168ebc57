import {dispose} from '@tensorflow/tfjs-core';
import {Callback, CallbackList, CustomCallback, type LayersModel, type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {tensorsOnTape} from '../tfjsInternals.ts';

/** The callbacks of one `fit`: instances, plain objects, or some of each. */
export type GivenCallbacks = Pick<ModelFitArgs, 'callbacks' | 'yieldEvery'>;

type Instances = NonNullable<ConstructorParameters<typeof CallbackList>[0]>;
type EpochLogs = Parameters<Callback['onEpochEnd']>[1];

/**
 * Stands between tfjs and the callbacks of one training. Of a training that throws tfjs leaves tensors behind: the
 * first error is kept here, no further callback runs, and training ends as with `stopTraining`.
 */
export class TrainingRun extends Callback {
  private readonly callbacks: CallbackList;
  private failure: {readonly error: unknown} | undefined;
  private isRunning = false;
  private hasBatches = false;
  private isStopRequested = false;

  /** @param others come after those that were given */
  constructor(given: GivenCallbacks, others: Instances) {
    super();
    this.callbacks = new CallbackList([...instancesOf(given), ...others]);
  }

  /** Whether training is to end, by an error or because nobody waits for it. */
  get isStopped(): boolean {
    return this.isStopRequested || this.failure !== undefined;
  }

  /** Waits for a training with this run among its callbacks, alone. Rejects with the first error. */
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

  /** Ends the training with an error; one that comes later is not heard. */
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
        // Nothing to be left behind yet, and no batch to be trained on.
        if (!this.hasBatches) throw error;
      }
    }
    this.forward();
  }

  /** Again after every hook: tfjs forgets a stop that comes before its first epoch. */
  private forward(): void {
    if (this.isRunning && this.isStopped) this.model.stopTraining = true;
  }
}

/**
 * tfjs takes a list of instances or a list of plain objects; plain objects, or none at all, let the page breathe every
 * `yieldEvery`.
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
