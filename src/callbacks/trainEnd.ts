import {Callback} from '@tensorflow/tfjs-layers';
import {type Observable, Subject, type Subscribable} from 'rxjs';
import {compressionOf} from '../methods/compressionOf.ts';
import {integer, resolveOptions} from '../options.ts';
import type {SourceOptions} from '../sources/compress.ts';
import type {Compression} from '../types.ts';
import {AwaitedObservable, PendingRuns} from './awaitedObservable.ts';

/**
 * A Keras-style callback that is a source as well: when training ends it emits the trained model as a compression and completes,
 * and `fit` waits for the pipelines behind it. If one of them fails, `fit` rejects with its error.
 *
 * For a Sequential tfjs tells callbacks of the functional model inside; that is what the compression holds.
 */
export class TrainEnd extends Callback {
  private readonly pending = new PendingRuns();
  private readonly emissions = new Subject<Compression>();
  private readonly awaited = new AwaitedObservable<Compression>(this.emissions, this.pending);
  /** As of an Observable: stages that run when training ends. */
  readonly pipe: Observable<Compression>['pipe'] = this.awaited.pipe.bind(this.awaited);

  /**
   * Lets RxJS take the callback wherever it takes an Observable: `from(trained)`, `merge(trained, …)`.
   * `fit` waits for pipelines that begin with `trained.pipe`, not for what comes after such an operator.
   */
  declare readonly [Symbol.observable]: () => Subscribable<Compression>;

  constructor(private readonly seed: number) {
    super();
    // RxJS goes by the string where no polyfill had defined the symbol when it was loaded.
    for (const name of ['@@observable', Symbol.observable].filter(Boolean)) Object.defineProperty(this, name, {value: () => this.awaited});
  }

  /** As of an Observable. */
  readonly subscribe: Observable<Compression>['subscribe'] = this.awaited.subscribe.bind(this.awaited);

  /** Called by `fit`, which waits for it. */
  override async onTrainEnd(): Promise<void> {
    if (this.emissions.observed) {
      this.emissions.next(compressionOf('trainEnd', this.model, undefined, this.seed));
    }
    this.emissions.complete();
    await this.pending.settled();
  }
}

/**
 * A {@link TrainEnd} for the callbacks of one `model.fit` or `model.fitDataset`. Callbacks see no data: name some with {@link calibrate}.
 *
 * ```ts
 * const trained = trainEnd();
 * trained.pipe(calibrate(x), spfqQuantize({bits: 4})).subscribe(({model}) => model.save('indexeddb://small'));
 * await model.fit(x, y, {epochs: 5, callbacks: trained});    // waits for the pipeline
 * ```
 * @throws OptionError at once, for an unknown option
 */
export function trainEnd(options: SourceOptions = {}): TrainEnd {
  const {seed} = resolveOptions<Required<SourceOptions>>('trainEnd', options, {seed: integer(0, 0, Number.MAX_SAFE_INTEGER)});
  return new TrainEnd(seed);
}

