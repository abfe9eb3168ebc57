import {map, type OperatorFunction} from 'rxjs';
import {OptionError} from '../errors.ts';
import type {ProgressObserver} from '../progress.ts';
import {TrainingObservable} from '../sources/trainingObservable.ts';
import type {Compression} from '../stages/run/compression.ts';

/**
 * Shows an observer the progress of the following stages: stage, layer, index of total, fraction, elapsed and remaining
 * milliseconds.
 *
 * ```ts
 * compress(model).pipe(
 *   calibrate(x),
 *   progress(({stage, layer, fraction}) => bar.update(fraction, {stage, layer})),
 *   spfqQuantize({bits: 4}),
 * )
 * ```
 * As the first operator after {@link fit} or {@link fitDataset}, or after other `progress` operators there, it shows
 * the training as well: when it begins, and after each epoch with its `logs`. Further down a pipeline training is over.
 *
 * ```ts
 * fit(model, x, y, {epochs: 5}).pipe(
 *   progress(({stage, fraction, logs}) => chart.add(stage, fraction, logs?.loss)),
 *   spfqQuantize({bits: 4}),
 * )
 * ```
 * @param observer called before each layer, and once at the end of a stage with `fraction` 1; an error that it throws
 *   ends the stream
 * @throws OptionError at once, unless `observer` is a function or has a method `next`
 */
export function progress(
  observer: ProgressObserver | {readonly next: ProgressObserver},
): OperatorFunction<Compression, Compression> {
  const next = nextOf(observer);
  return (source) =>
    source instanceof TrainingObservable
      ? source.observedBy(next)
      : source.pipe(map((compression) => ({...compression, observers: [...compression.observers, next]})));
}

function nextOf(observer: unknown): ProgressObserver {
  if (isCallable(observer)) return observer;
  if (hasNext(observer))
    return (event) => {
      observer.next(event);
    };
  throw new OptionError('progress', 'observer', 'a function, or an object with a method `next`', observer);
}

function isCallable(value: unknown): value is ProgressObserver {
  return typeof value === 'function';
}

function hasNext(value: unknown): value is {readonly next: ProgressObserver} {
  return typeof value === 'object' && value !== null && 'next' in value && isCallable(value.next);
}
