import {Interrupted} from './failure.ts';

const SIGNALS = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143} as const;

/**
 * Runs something that Ctrl-C cancels: its signal is aborted, and the promise rejects at once, whatever is still on its
 * way.
 * @throws Interrupted
 */
export async function interruptible<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const cancelled = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    for (const [name, exitCode] of Object.entries(SIGNALS)) {
      process.on(name, () => {
        cancelled.abort();
        reject(new Interrupted(exitCode));
      });
    }
  });
  return Promise.race([run(cancelled.signal), interrupted]);
}
