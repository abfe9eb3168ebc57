import {finalize, type Observable, type Subscription, tap} from 'rxjs';

/**
 * The work that training has to wait for: subscriptions until they end, and single promises, like that of a running
 * stage or of a subscriber.
 */
export class PendingRuns {
  private readonly subscriptions: Array<Promise<void>> = [];
  private readonly works = new Set<Promise<unknown>>();
  private readonly errors: unknown[] = [];
  private isSubscribing = false;

  /** The errors of subscriptions and of subscribers' promises so far, in their order. */
  get failures(): readonly unknown[] {
    return this.errors;
  }

  /** Waits until every subscription so far and all other work has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.subscriptions);
    await this.idle();
  }

  /** Waits until no work is in progress, including work that other work started. */
  async idle(): Promise<void> {
    while (this.works.size > 0) await Promise.all(this.works);
  }

  /** Tracks a promise whose rejection is reported elsewhere. */
  readonly wait = (work: Promise<unknown>): void => {
    const ended = work
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.works.delete(ended);
      });
    this.works.add(ended);
  };

  /** Calls a subscriber's handler and tracks the promise that it may return. An error or a rejection is a failure. */
  handle(handler: () => unknown): void {
    try {
      const result = handler();
      if (isPromiseLike(result))
        this.wait(
          Promise.resolve(result).catch((error: unknown) => {
            this.errors.push(error);
          }),
        );
    } catch (error) {
      this.errors.push(error);
    }
  }

  /** Subscribes and tracks the subscription, unless it is part of one that is being tracked. */
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
    this.subscriptions.push(
      new Promise<void>((resolve) => {
        end = resolve;
      }),
    );
    return source.pipe(
      tap({
        error: (error: unknown) => {
          this.errors.push(error);
        },
      }),
      finalize(() => {
        end();
      }),
    );
  }
}

function isPromiseLike(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function';
}
