/** The progress of a stage, layer by layer, or of a training, epoch by epoch. */
export interface ProgressEvent {
  /** The name of the stage, as in `spfqQuantize`; `fit` or `fitDataset` for a training. */
  readonly stage: string;
  /** The layer that begins; empty at the end of the stage, and for a training. */
  readonly layer: string;
  /**
   * The number of the layer, from 0 up to `total`. For a training the number of the epoch that has ended; the event
   * before the first epoch has the number of the first.
   */
  readonly index: number;
  /**
   * The number of layers that the stage visits, twice as many with a budget, because all layers are measured first; the
   * number of epochs for a training.
   */
  readonly total: number;
  /** The finished share of the stage, from 0 to 1. */
  readonly fraction: number;
  /** Milliseconds since the stage began. */
  readonly elapsed: number;
  /** Estimated milliseconds left, at the pace so far; Infinity before the first layer is done. */
  readonly remaining: number;
  /** For a training, the logs of tfjs at the end of an epoch: `loss`, `val_loss` and the metrics of the model. */
  readonly logs?: Readonly<Record<string, number>>;
}

/** A function that receives progress events. */
export type ProgressObserver = (event: ProgressEvent) => void;
