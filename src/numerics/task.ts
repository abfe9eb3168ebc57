/**
 * A computation in parts of bounded work, with a `yield` after each: whoever runs it may do something else there, or
 * abandon it. The result has the same bits wherever and however often that happens.
 */
export type Task<Result> = Generator<void, Result, void>;

/** Runs tasks for a host that must stay responsive. */
export interface TaskRunner {
  /**
   * Runs a task part by part, with a {@link checkpoint} between them.
   * @throws what `checkpoint` rejects with
   */
  run<Result>(task: Task<Result>): Promise<Result>;
  /** Yields to the host when that is due: await it between pieces of other work. Rejects if the run is cancelled. */
  checkpoint(): Promise<void>;
}

/** A runner with the given checkpoint. */
export function createTaskRunner(checkpoint: () => Promise<void>): TaskRunner {
  return {
    checkpoint,
    async run(task) {
      let part = task.next();
      while (!part.done) {
        await checkpoint();
        part = task.next();
      }
      return part.value;
    },
  };
}

/** A runner that is never cancelled and never yields to the event loop. */
export const immediately = createTaskRunner(() => Promise.resolve());

/** Runs a task to its end at once. */
export function runSync<Result>(task: Task<Result>): Result {
  let part = task.next();
  while (!part.done) part = task.next();
  return part.value;
}

/** The synchronous form of a computation that is written as a task. */
export function sync<Args extends unknown[], Result>(
  compute: (...args: Args) => Task<Result>,
): (...args: Args) => Result {
  return (...args) => runSync(compute(...args));
}
