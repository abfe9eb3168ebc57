import type {Steps} from './task.ts';

/**
 * Runs a computation in steps, and lets the host breathe between them.
 * @param pause awaited after each step; it knows whether a pause is due, and rejects if the run was cancelled
 */
export async function paced<Result>(steps: Steps<Result>, pause: () => Promise<void>): Promise<Result> {
  let step = steps.next();
  while (!step.done) {
    await pause();
    step = steps.next();
  }
  return step.value;
}
