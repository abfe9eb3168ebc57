import {Observable, type Observer, type OperatorFunction, type Subscription} from 'rxjs';
import type {PendingRuns} from './pendingRuns.ts';

type Next<Value> = ((value: Value) => void) | null;
type Fail = ((error: unknown) => void) | null;

/**
 * An Observable that waits for its subscribers, after any number of `pipe`s, and for the promises that they return. An
 * error without a handler is not reported as unhandled: the waiting `fit` gets it.
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
    // A subscriber of RxJS belongs to an operator. It must be passed on as it is, because unsubscribing goes through
    // it.
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

/** The overloads of RxJS's `pipe` checked that the operators fit each other; here their types are unknown. */
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
