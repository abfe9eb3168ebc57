/**
 * A computation in parts of bounded work, with a `yield` after each: whoever runs it may do something else there, or leave it.
 * The result has the same bits whenever and however often that happens.
 */
export type Task<Result> = Generator<void, Result, void>;

/** Runs all steps at once. */
export function runSync<Result>(task: Task<Result>): Result {
  let step = task.next();
  while (!step.done) step = task.next();
  return step.value;
}
