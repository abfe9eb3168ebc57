/**
 * A computation in parts of bounded work, with a `yield` after each: whoever runs it may do something else there, or leave it.
 * The result has the same bits whenever and however often that happens.
 */
export type Steps<Result> = Generator<void, Result, void>;

/** Runs all steps at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
