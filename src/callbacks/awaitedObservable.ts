import {Observable, type Observer, type OperatorFunction, type Subscription} from 'rxjs';
import type {PendingRuns} from './pendingRuns.ts';

type Next<Value> = ((value: Value) => void) | null;
type Fail = ((error: unknown) => void) | null;

/**
 * An Observable whose subscribers are waited for, at the end of however many `pipe`s, with the promises that they
 * return. A subscriber without an error handler is not an unhandled error: who waits gets it.
 */
export class AwaitedObservable<Value> extends Observable<Value> {
  constructor(
    private readonly inner: Observable<Value>,
    private readonly pending: PendingRuns,
  ) {
    super();
  }

  override subscribe(
    observer?: Partial<Observer<Value>> | Next<Value>,
    error?: Fail,
    complete?: (() => void) | null,
  ): Subscription {
    const handlers =
      typeof observer === 'object' && observer !== null ? observer : handlersOf(observer, error, complete);
    // A subscriber of RxJS is an operator's: it has to stay itself, because it carries the way back to unsubscribe.
    const awaited = 'unsubscribe' in handlers ? handlers : this.awaited(handlers);
    return this.pending.count(this.inner, (source) => source.subscribe(awaited));
  }

  override pipe(...operators: Array<OperatorFunction<never, never>>): AwaitedObservable<never> {
    return new AwaitedObservable<never>(applyInOrder(operators, this), this.pending);
  }

  private awaited(handlers: Partial<Observer<Value>>): Partial<Observer<Value>> {
    return {
      next: (value) => {
        this.pending.handle(() => handlers.next?.(value));
      },
      error: (error: unknown) => handlers.error?.(error),
      complete: () => handlers.complete?.(),
    };
  }
}

/** The overloads of RxJS's `pipe` have checked that the operators fit each other; here their types are unknown. */
function applyInOrder(
  operators: Array<OperatorFunction<never, never>>,
  source: Observable<unknown>,
): Observable<never> {
  return operators.reduce((piped, operator) => operator(piped), source as Observable<never>);
}

function handlersOf<Value>(
  next: Next<Value> | undefined,
  error: Fail | undefined,
  complete: (() => void) | null | undefined,
): Partial<Observer<Value>> {
  return {...(next ? {next} : {}), ...(error ? {error} : {}), ...(complete ? {complete} : {})};
}
