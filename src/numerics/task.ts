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
  /** Lets the host have its turn where that is due: await it between pieces of other work. Rejects if cancelled. */
  checkpoint(): Promise<void>;
}

/** A runner whose checkpoints do what they are given. */
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

/** A runner that is never cancelled and does not yield to the event loop for long. */
export const immediately = createTaskRunner(() => Promise.resolve());

/** Runs all parts of a task at once. */
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
