import type {Observable, Subscription} from 'rxjs';
import {clearProblem, inside, showProblem} from './page.ts';

/** Shows how a job gets on: what is done of it, from 0 to 1, and in words. */
export type Show = (fraction: number | undefined, text: string) => void;

/** One at a time: while a job runs, everything marked `data-idle` in the page is disabled. */
let running: Subscription | undefined;

/**
 * Runs a job with the progress bar, status line and Cancel button of its section. Cancelling is unsubscribing; an error
 * is shown in the page.
 * @param work the job; it begins on subscription
 * @param done takes what it gives
 */
export function runJob<Result>(
  section: HTMLElement,
  work: (show: Show) => Observable<Result>,
  done: (result: Result) => void,
): void {
  if (running?.closed === false) return;
  const controls = controlsOf(section);
  const finish = (text: string): void => {
    setBusy(false);
    controls.end(text);
  };
  clearProblem();
  setBusy(true);
  controls.begin(() => {
    running?.unsubscribe();
    finish('Cancelled.');
  });
  running = work(controls.show).subscribe({
    next: done,
    complete: () => {
      finish('');
    },
    error: (error: unknown) => {
      finish('');
      showProblem(error);
    },
  });
}

function setBusy(isBusy: boolean): void {
  for (const control of document.querySelectorAll('[data-idle]'))
    control.toggleAttribute('disabled', isBusy || control.hasAttribute('data-unready'));
}

function controlsOf(section: HTMLElement) {
  const opener = document.activeElement;
  const cancel = section.querySelector<HTMLButtonElement>('[data-cancel]'); // short jobs have none
  const job = inside(section, '.job', HTMLElement);
  const bar = inside(job, 'progress', HTMLProgressElement);
  const status = inside(job, '[role=status]', HTMLElement);
  const show: Show = (fraction, text) => {
    if (fraction === undefined) bar.removeAttribute('value');
    else bar.value = fraction;
    status.textContent = text;
  };
  return {
    show,
    begin(onCancel: () => void): void {
      job.hidden = bar.hidden = false;
      if (!cancel) return;
      cancel.onclick = onCancel;
      cancel.hidden = false;
      cancel.focus(); // the button that had it is disabled now
    },
    end(text: string): void {
      const hasFocus = document.activeElement === cancel || document.activeElement === document.body;
      bar.hidden = true;
      if (cancel) cancel.hidden = true;
      status.textContent = text;
      if (hasFocus && opener instanceof HTMLElement) opener.focus();
    },
  };
}
