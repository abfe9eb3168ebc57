import {Callback} from '@tensorflow/tfjs-layers';
import type {ProgressObserver} from '../progress.ts';

/** The epochs of a training. */
export interface EpochRange {
  /** The number of the last epoch, counted from 1. Default 1. */
  readonly epochs?: number | undefined;
  /** The number of epochs of an earlier training. Default 0. */
  readonly initialEpoch?: number | undefined;
}

type EpochLogs = Parameters<Callback['onEpochEnd']>[1];

/** Shows observers the progress of a training: when it begins, after each epoch, and once more if it ended early. */
export class EpochProgress extends Callback {
  private readonly total: number;
  private readonly first: number;
  private begin = 0;
  private fraction = 0;
  private epoch: number;

  constructor(
    private readonly stage: string,
    {epochs = 1, initialEpoch = 0}: EpochRange,
    private readonly observers: readonly ProgressObserver[],
  ) {
    super();
    [this.total, this.first, this.epoch] = [epochs, initialEpoch, initialEpoch];
  }

  override async onTrainBegin(): Promise<void> {
    this.begin = performance.now();
    this.emit();
  }

  override async onEpochEnd(epoch: number, logs?: EpochLogs): Promise<void> {
    this.epoch = epoch;
    this.fraction = (epoch + 1 - this.first) / (this.total - this.first);
    if (this.observers.length > 0) this.emit(await numbersIn(logs));
  }

  override async onTrainEnd(): Promise<void> {
    if (this.fraction === 1) return;
    this.fraction = 1;
    this.emit();
  }

  private emit(logs?: Record<string, number>): void {
    const {stage, epoch: index, total, fraction} = this;
    const elapsed = performance.now() - this.begin;
    const remaining = fraction > 0 ? (elapsed * (1 - fraction)) / fraction : Infinity;
    for (const observer of this.observers)
      observer({stage, layer: '', index, total, fraction, elapsed, remaining, ...(logs ? {logs} : {})});
  }
}

/** tfjs gives callback instances scalars, which stay its own. */
async function numbersIn(logs: EpochLogs = {}): Promise<Record<string, number>> {
  const entries = Object.entries(logs).map(
    async ([name, value]) => [name, typeof value === 'number' ? value : (await value.data())[0]] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
