import {Observable} from 'rxjs';
import {disposeElement} from '../data/elements.ts';

/** Whether something is an Observable, of whichever copy of RxJS. */
export function isObservable(data: unknown): data is Observable<unknown> {
  return (
    data instanceof Observable ||
    (typeof data === 'object' && data !== null && 'subscribe' in data && typeof data.subscribe === 'function')
  );
}

/**
 * The emissions of an Observable, one after the other. Subscribes when reading begins and unsubscribes when it ends;
 * what is emitted before it is asked for waits.
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
