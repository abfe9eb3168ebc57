import {Presets, SingleBar} from 'cli-progress';
import {resolveOptions} from '../../src/options.ts';
import type {ProgressEvent} from '../../src/progress.ts';

/** Options of {@link terminalProgress}. */
export interface TerminalProgressOptions {
  /** Where it is shown. Default `process.stderr`, which leaves the output of a program to its results. */
  readonly stream?: NodeJS.WritableStream & {
    /** Whether it is a terminal: then there is a bar, else there are lines. */
    readonly isTTY?: boolean;
  };
}

/** An observer for `progress()` that writes to a terminal. */
export interface TerminalProgress {
  /** Takes one event. */
  (event: ProgressEvent): void;
  /** Clears the line: a stage that fails or is cancelled does not say so. Also after the end, and more than once. */
  stop(): void;
}

/**
 * Shows how stages get on: a bar with stage, layer, finished part and remaining time, which is gone when the stage
 * ends; where the stream is no terminal, a line when a layer begins and one when the stage ends.
 *
 * @example
 * ```ts
 * import {finalize} from 'rxjs';
 * import {calibrate, compress, progress, spfqQuantize} from 'tfjs-compress';
 * import {terminalProgress} from 'tfjs-compress/plugins/node';
 *
 * const shown = terminalProgress();
 * compress(model).pipe(calibrate(x), progress(shown), spfqQuantize({bits: 4}), finalize(shown.stop)).subscribe();
 * ```
 * @throws OptionError
 */
export function terminalProgress(options: TerminalProgressOptions = {}): TerminalProgress {
  const {stream} = resolveOptions<Required<TerminalProgressOptions>>('terminalProgress', options, {
    stream: {
      fallback: process.stderr,
      expected: 'a writable stream',
      accepts: (value) => typeof value === 'object' && value !== null && 'write' in value,
    },
  });
  return stream.isTTY === true ? barProgress(stream) : lineProgress(stream);
}

function barProgress(stream: NodeJS.WritableStream): TerminalProgress {
  let bar: SingleBar | undefined;
  let shown = '';
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const show = (event: ProgressEvent): void => {
    if (event.stage !== shown) stop();
    shown = event.stage;
    if (event.fraction >= 1) {
      stop();
      return;
    }
    const payload = {stage: event.stage.padEnd(12), place: progressText(event), left: leftText(event)};
    if (bar === undefined) {
      bar = new SingleBar(
        {
          format: '{stage} {bar} {percentage} %  {place}{left}',
          barsize: 24,
          clearOnComplete: true,
          hideCursor: true,
          stream,
        },
        Presets.shades_classic,
      );
      bar.start(1, event.fraction, payload);
    } else {
      bar.update(event.fraction, payload);
    }
  };
  return Object.assign(show, {stop});
}

function lineProgress(stream: NodeJS.WritableStream): TerminalProgress {
  let written = '';
  const show = (event: ProgressEvent): void => {
    const {stage, fraction, elapsed} = event;
    const line = fraction >= 1 ? `${stage}: done in ${durationText(elapsed)}` : `${stage}: ${progressText(event)}`;
    if (line !== written) stream.write(`${line}\n`);
    written = line;
  };
  return Object.assign(show, {stop: () => undefined});
}

/** A training has epochs, without names. */
function progressText({layer, index, total}: ProgressEvent): string {
  return `${Math.min(index + 1, total)}/${total}${layer === '' ? '' : ` ${layer}`}`;
}

function leftText({remaining}: ProgressEvent): string {
  return Number.isFinite(remaining) ? `, ${durationText(remaining)} left` : '';
}

function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  const minutes = seconds / 60;
  return minutes < 100 ? `${minutes.toFixed(0)} min` : `${(minutes / 60).toFixed(1)} h`;
}
