import {finalize, Observable, type Observer, type OperatorFunction, type Subscription, tap} from 'rxjs';

/** The subscriptions that somebody has to wait for, each settled when its stream ends. */
export class PendingRuns {
  private readonly runs: Array<Promise<void>> = [];
  private isSubscribing = false;

  /** Waits until every subscription so far has ended. Rejects with the error of the first that failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.runs);
    await Promise.all(this.runs);
  }

  /** Subscribes and counts the subscription, unless it is only a part of one that is being counted. */
  count<Value>(source: Observable<Value>, subscribe: (source: Observable<Value>) => Subscription): Subscription {
    if (this.isSubscribing) return subscribe(source);
    this.isSubscribing = true;
    try {
      return subscribe(this.watched(source));
    } finally {
      this.isSubscribing = false;
    }
  }

  private watched<Value>(source: Observable<Value>): Observable<Value> {
    let end: () => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const run = new Promise<void>((resolve, reject) => { [end, fail] = [resolve, reject]; });
    // Who waits may come later than the error.
    run.catch(() => undefined);
    this.runs.push(run);
    return source.pipe(tap({error: fail}), finalize(() => { end(); }));
  }
}

type Next<Value> = ((value: Value) => void) | null;
type Fail = ((error: unknown) => void) | null;

/**
 * An Observable whose subscribers are waited for, at the end of however many `pipe`s.
 * A subscriber without an error handler is not an unhandled error: who waits gets it.
 */
export class AwaitedObservable<Value> extends Observable<Value> {
  constructor(private readonly inner: Observable<Value>, private readonly pending: PendingRuns) {
    super();
  }

  override subscribe(observer?: Partial<Observer<Value>> | Next<Value>, error?: Fail, complete?: (() => void) | null): Subscription {
    const handlers = typeof observer === 'object' && observer !== null ? observer : handlersOf(observer, error, complete);
    return this.pending.count(this.inner, (source) => source.subscribe(withErrorHandler(handlers)));
  }

  override pipe(...operators: Array<OperatorFunction<never, never>>): AwaitedObservable<never> {
    const piped = operators.reduce<Observable<unknown>>((source, operator) => operator(source as Observable<never>), this);
    return new AwaitedObservable<never>(piped as Observable<never>, this.pending);
  }
}

function handlersOf<Value>(next: Next<Value> | undefined, error: Fail | undefined, complete: (() => void) | null | undefined): Partial<Observer<Value>> {
  return {...(next ? {next} : {}), ...(error ? {error} : {}), ...(complete ? {complete} : {})};
}

function withErrorHandler<Value>(handlers: Partial<Observer<Value>>): Partial<Observer<Value>> {
  if (typeof handlers.error === 'function') return handlers;
  return {
    next: (value) => handlers.next?.(value),
    error: () => undefined,
    complete: () => handlers.complete?.(),
  };
}
