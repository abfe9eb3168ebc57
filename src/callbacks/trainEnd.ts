import {resolveOptions} from '../options.ts';
import {createCompression, type Origin} from '../stages/run/compression.ts';
import {type CallbackOptions, callbackRules, CompressionCallback} from './compressionCallback.ts';

/**
 * A Keras-style callback that is a source as well: when training ends it emits the trained model as a compression and
 * completes, and `fit` waits for the pipelines after it. If one of them fails, `fit` rejects with its error.
 *
 * For a Sequential tfjs tells callbacks the functional model inside; the compression is of that model.
 */
export class TrainEnd extends CompressionCallback {
  constructor(
    private readonly seed: number,
    onError: 'throw' | 'report',
  ) {
    super('trainEnd', onError);
  }

  // Bound: tfjs calls this unbound when the list starts with a plain object.

  /** Called by `fit`, which waits for it. */
  override readonly onTrainEnd = async (): Promise<void> => {
    const origin: Origin = {release: () => undefined, wait: this.pending.wait}; // the model is the user's
    if (this.emissions.observed) {
      const compression = createCompression('trainEnd', this.trained, undefined, this.seed, origin);
      this.emissions.next(() => compression);
    }
    this.end();
    await this.pending.settled();
    this.throwFailure();
  };
}

/**
 * Creates a {@link TrainEnd} for the callbacks of one `model.fit` or `model.fitDataset`. Callbacks see no data: provide
 * some with {@link calibrate}.
 *
 * ```ts
 * const trained = trainEnd();
 * trained.pipe(calibrate(x), spfqQuantize({bits: 4})).subscribe(({model}) => model.save('indexeddb://small'));
 * await model.fit(x, y, {epochs: 5, callbacks: trained});    // waits for the pipeline, and for the save
 * ```
 * @throws OptionError at once, for an unknown option
 */
export function trainEnd(options: CallbackOptions = {}): TrainEnd {
  const {seed, onError} = resolveOptions<Required<CallbackOptions>>('trainEnd', options, callbackRules);
  return new TrainEnd(seed, onError);
}
