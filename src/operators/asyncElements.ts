import {Observable} from 'rxjs';
import {disposeElement} from '../data/elements.ts';

/** Whether a value is an Observable, of any copy of RxJS. */
export function isObservable(data: unknown): data is Observable<unknown> {
  return (
    data instanceof Observable ||
    (typeof data === 'object' && data !== null && 'subscribe' in data && typeof data.subscribe === 'function')
  );
}

/**
 * Reads the emissions of an Observable, one after the other. It subscribes when reading begins and unsubscribes when it
 * ends; elements that are emitted early are queued.
 */
export async function* asyncElements(source: Observable<unknown>): AsyncIterable<unknown> {
  const waiting: unknown[] = [];
  let finished: {error: unknown} | 'complete' | undefined;
  let wake: () => void = () => undefined;
  const subscription = source.subscribe({
    next: (element) => {
      waiting.push(element);
      wake();
    },
    error: (error: unknown) => {
      finished = {error};
      wake();
    },
    complete: () => {
      finished = 'complete';
      wake();
    },
  });
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift();
      if (finished === 'complete') return;
      if (finished) throw finished.error;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    subscription.unsubscribe();
    waiting.forEach(disposeElement);
  }
}
