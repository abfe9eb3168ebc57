import {concatMap, Observable, type OperatorFunction} from 'rxjs';
import {disposeModel} from '../model/disposeModel.ts';
import {createTaskRunner} from '../numerics/task.ts';
import type {Compression} from '../stages/run/compression.ts';
import type {StageContext} from '../stages/run/stageContext.ts';

/**
 * Creates a stage of a pipeline: it takes each compression, emits the next, and disposes of the one that it took.
 * Unsubscribing cancels the run at its next checkpoint; a failure goes down the stream.
 * @param name the name of the stage, for the report and for messages
 * @param run makes the next compression, and does not change the one that it was given
 */
export function stage(
  name: string,
  run: (compression: Compression, context: StageContext) => Promise<Compression>,
): OperatorFunction<Compression, Compression> {
  return (source) => source.pipe(concatMap((compression) => runStage(name, compression, run)));
}

// A constructor and not `from(promise)`: a promise cannot be cancelled.
function runStage(
  name: string,
  compression: Compression,
  run: (compression: Compression, context: StageContext) => Promise<Compression>,
): Observable<Compression> {
  return new Observable((subscriber) => {
    const cancelled = new AbortController();
    const finished = run(compression, contextOf(name, compression, cancelled.signal)).then(
      (next) => {
        freeReplaced(compression, next);
        if (subscriber.closed) next.dispose();
        subscriber.next(next);
        subscriber.complete();
      },
      (error: unknown) => {
        compression.dispose();
        subscriber.error(error);
      },
    );
    compression.origin.wait(finished);
    return () => {
      cancelled.abort();
    };
  });
}

/** Frees the model that a stage replaced; never the user's original, and never one that was passed through. */
function freeReplaced({model, original}: Compression, next: Compression): void {
  if (model !== next.model && model !== original) disposeModel(model);
}

/** Milliseconds that a stage works before it yields to the event loop: short enough not to be noticed as a delay. */
const MAX_TURN = 50;

function contextOf(stageName: string, {observers}: Compression, signal: AbortSignal): StageContext {
  const begin = performance.now();
  const elapsed = () => performance.now() - begin;
  let turn = begin;
  const runner = createTaskRunner(async () => {
    if (performance.now() - turn > MAX_TURN) {
      await yieldToEventLoop();
      turn = performance.now();
    }
    signal.throwIfAborted();
  });
  return {
    ...runner,
    stage: stageName,
    elapsed,
    progress(layer, index, total) {
      const fraction = total > 0 ? index / total : 1;
      const remaining = fraction > 0 ? (elapsed() * (1 - fraction)) / fraction : Infinity;
      for (const observer of observers)
        observer({stage: stageName, layer, index, total, fraction, elapsed: elapsed(), remaining});
    },
  };
}

/**
 * Waits for a task, not a microtask, so that timers, input events and unsubscriptions get their turn. It uses
 * MessageChannel: setTimeout is clamped to 4 ms, and to seconds in background tabs.
 */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
