import {Callback, type LayersModel} from '@tensorflow/tfjs-layers';
import {map, type Observable, Subject, type Subscribable} from 'rxjs';
import {ModelError} from '../errors.ts';
import {oneOf, type OptionRules, seedRule} from '../options.ts';
import type {SourceOptions} from '../sources/compress.ts';
import type {Compression} from '../stages/run/compression.ts';
import {AwaitedObservable} from './awaitedObservable.ts';
import {PendingRuns} from './pendingRuns.ts';
import {requireTrained} from './requireTrained.ts';

/** Options of callbacks that are sources. */
export interface CallbackOptions extends SourceOptions {
  /**
   * How a failing pipeline affects the training. `'throw'` (default): `fit` rejects with the error of its stage.
   * `'report'`: training continues; the error goes to the subscriber's error handler, and is in the callback's
   * `failures`.
   */
  readonly onError?: 'throw' | 'report';
}

/** The rules of {@link CallbackOptions}. */
export const callbackRules: OptionRules<Required<CallbackOptions>> = {
  seed: seedRule,
  onError: oneOf<'throw' | 'report'>('throw', ['throw', 'report']),
};

/** A Keras-style callback that is an Observable of compressions: `fit` waits for the pipelines after it. */
export abstract class CompressionCallback extends Callback {
  /** The pipelines and promises that `fit` waits for. */
  protected readonly pending = new PendingRuns();
  /** Emits a function that makes a separate compression for each pipeline. */
  protected readonly emissions = new Subject<() => Compression>();
  private hasEnded = false;
  private readonly awaited = new AwaitedObservable<Compression>(
    this.emissions.pipe(map((acquire) => acquire())),
    this.pending,
  );
  /** `pipe` of an Observable: the stages run when it emits. */
  readonly pipe: Observable<Compression>['pipe'] = this.awaited.pipe.bind(this.awaited);
  /** `subscribe` of an Observable. `fit` waits for a promise that `next` returns, like that of `model.save`. */
  readonly subscribe: Observable<Compression>['subscribe'] = this.awaited.subscribe.bind(this.awaited);

  /**
   * Lets RxJS use the callback wherever it takes an Observable: `from(trained)`, `merge(trained, …)`. `fit` waits for
   * pipelines that begin with `trained.pipe`, but not for those after such an operator.
   */
  declare readonly [Symbol.observable]: () => Subscribable<Compression>;

  private givenModel: LayersModel | undefined;

  /** @param name the name that the caller used, for messages */
  constructor(
    private readonly name: string,
    private readonly onError: 'throw' | 'report',
  ) {
    super();
    // RxJS uses the string if no polyfill had defined the symbol when it was loaded.
    for (const name of ['@@observable', Symbol.observable].filter(Boolean))
      Object.defineProperty(this, name, {value: () => this.awaited});
  }

  /**
   * Called by `fit`. Rejects with a ModelError in a second training, in which it would emit nothing. Bound: tfjs may
   * call it unbound.
   */
  override readonly onTrainBegin = async (): Promise<void> => {
    if (this.hasEnded)
      throw new ModelError(
        `${this.name}: expected one training, got another after its end; make a new ${this.name}() for each fit`,
      );
  };

  /** Called by `fit`. */
  override setModel(model: LayersModel): void {
    super.setModel(model);
    this.givenModel = model;
  }

  /** The errors of pipelines so far; look here with `onError: 'report'`. */
  get failures(): readonly unknown[] {
    return this.pending.failures;
  }

  /**
   * The model under training.
   * @throws ModelError if tfjs did not tell which
   */
  protected get trained(): LayersModel {
    return requireTrained(this.name, this.givenModel);
  }

  /** Completes the Observable. */
  protected end(): void {
    this.hasEnded = true;
    this.emissions.complete();
  }

  /** @throws the first error of a pipeline, unless errors are only reported; other pipelines then complete */
  protected throwFailure(): void {
    if (this.onError === 'report' || this.failures.length === 0) return;
    this.end();
    throw this.failures[0];
  }
}
