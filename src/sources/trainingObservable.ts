import {Observable} from 'rxjs';
import type {ProgressObserver} from '../progress.ts';
import type {Compression} from '../stages/run/compression.ts';

/** Makes a training that starts on subscription. Its observers see its epochs, and the stages after it. */
export type ObservedTraining = (observers: readonly ProgressObserver[]) => Observable<Compression>;

/** Emits a model when it is trained. A {@link progress} directly after it sees the epochs, too. */
export class TrainingObservable extends Observable<Compression> {
  constructor(
    private readonly train: ObservedTraining,
    private readonly observers: readonly ProgressObserver[] = [],
  ) {
    super((subscriber) => train(observers).subscribe(subscriber));
  }

  /** The same training with one more observer. This one does not change. */
  observedBy(observer: ProgressObserver): TrainingObservable {
    return new TrainingObservable(this.train, [...this.observers, observer]);
  }
}
