import type {Task} from './task.ts';

/**
 * Runs a computation in steps, and lets the host breathe between them.
 * @param pause awaited after each step; it knows whether a pause is due, and rejects if the run was cancelled
 */
export async function runTask<Result>(task: Task<Result>, pause: () => Promise<void>): Promise<Result> {
  let step = task.next();
  while (!step.done) {
    await pause();
    step = task.next();
  }
  return step.value;
}
