import {CommanderError} from 'commander';
import {readable} from '../files/readable.ts';

/** A command line that asks for something that cannot be: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A failure that the user can do something about; its message is the whole story: exit code 1. */
export class Failure extends Error {
  override name = 'Failure';
}

/** Ctrl-C, or another signal to end. */
export class Interrupted extends Error {
  override name = 'Interrupted';

  /** @param exitCode 128 and the number of the signal, as shells have it */
  constructor(readonly exitCode: number) {
    super('cancelled; nothing was written');
  }
}

/** What the process ends with: 0 for help and version, 1 for a failure, 2 for a wrong command line, 130 for Ctrl-C. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Interrupted) return error.exitCode;
  // By its name: --help shall not wait for the library.
  return error instanceof UsageError || (error instanceof Error && error.name === 'OptionError') ? 2 : 1;
}

/** A failure as one line for the terminal, or with all that is known of it. */
export function failureText(error: unknown, verbose: boolean): string {
  if (verbose && error instanceof Error)
    return readable(`tfjs-compress: ${error.stack ?? error.message}${causeText(error.cause)}`, 20_000);
  const message = error instanceof Error ? error.message : String(error);
  return readable(`tfjs-compress: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? `\ncaused by: ${cause.stack ?? cause.message}${causeText(cause.cause)}` : '';
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
