/** Where a stage stands, or a training: there an epoch is what a layer is to a stage. */
export interface ProgressEvent {
  /** The name of the stage, as in `spfqQuantize`; of a training `fit` or `fitDataset`. */
  readonly stage: string;
  /** The layer that begins; empty at the end of the stage, and of a training. */
  readonly layer: string;
  /** The number of the layer, from 0, among `total`; of a training that of the epoch that has ended, before the first that of the first. */
  readonly index: number;
  /** How many layers the stage visits; with a budget twice as many, because it measures them all first. Of a training its epochs. */
  readonly total: number;
  /** Finished part of the stage, from 0 to 1. */
  readonly fraction: number;
  /** Milliseconds since the stage began. */
  readonly elapsed: number;
  /** Milliseconds that the rest takes at the same pace; Infinity before the first layer is done. */
  readonly remaining: number;
  /** What tfjs logs at the end of an epoch: `loss`, `val_loss` and the metrics of the model. Of training only. */
  readonly logs?: Readonly<Record<string, number>>;
}

/** Anything that takes progress events: a function is enough. */
export type ProgressObserver = (event: ProgressEvent) => void;
