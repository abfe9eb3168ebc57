import {integer, resolveOptions} from '../options.ts';
import {takeSnapshot} from '../stages/run/snapshot.ts';
import {type CallbackOptions, callbackRules, CompressionCallback} from './compressionCallback.ts';

/** Options of {@link epochEnd}. */
export interface EpochEndOptions extends CallbackOptions {
  /** Emits at every n-th epoch. Default 1. */
  readonly every?: number;
  /** The first epoch that it emits at, counted from 1. Default 1. */
  readonly from?: number;
}

/**
 * A Keras-style callback that is a source as well: at the end of epochs it emits a compression of a copy of the model
 * at that time, and `fit` waits for the stages after it before it continues, with unchanged weights and optimizer. It
 * completes when training ends.
 */
export class EpochEnd extends CompressionCallback {
  constructor(private readonly options: Required<EpochEndOptions>) {
    super('epochEnd', options.onError);
  }

  // Bound: tfjs calls this unbound when the list starts with a plain object.

  /** Called by `fit`, which waits for it. */
  override readonly onEpochEnd = async (epochFrom0: number): Promise<void> => {
    const {every, from, seed} = this.options;
    const epoch = epochFrom0 + 1;
    if (!this.emissions.observed || epoch < from || (epoch - from) % every > 0) return;
    const {acquire, release} = await takeSnapshot(this.trained, {
      where: 'epochEnd',
      seed,
      epoch,
      wait: this.pending.wait,
    });
    this.emissions.next(acquire);
    release();
    await this.pending.idle();
    this.throwFailure();
  };

  /** Called by `fit`, which waits for it. */
  override readonly onTrainEnd = async (): Promise<void> => {
    this.end();
    await this.pending.settled();
    this.throwFailure();
  };
}

/**
 * Creates an {@link EpochEnd} for the callbacks of one `model.fit` or `model.fitDataset`, to see how well the model
 * compresses while it trains. Callbacks see no data: provide some with {@link calibrate}. Each emission is yours:
 * dispose of it, or each epoch leaves a copy in memory.
 *
 * ```ts
 * const epochs = epochEnd({every: 5});
 * epochs.pipe(calibrate(x), spfqQuantize({bits: 2}), evaluate({xs, ys})).subscribe(({epoch, report, dispose}) => {
 *   console.log(epoch, report.evaluation?.accuracyAfter);
 *   dispose();
 * });
 * await model.fit(x, y, {epochs: 50, callbacks: epochs});
 * ```
 * @throws OptionError at once, for an option that is unknown or out of range
 */
export function epochEnd(options: EpochEndOptions = {}): EpochEnd {
  return new EpochEnd(
    resolveOptions<Required<EpochEndOptions>>('epochEnd', options, {
      ...callbackRules,
      every: integer(1, 1),
      from: integer(1, 1),
    }),
  );
}
