import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {keepResults, textTable} from '../results.ts';

/** What one compression took at most, in bytes. */
export interface Peak {
  readonly samples: number;
  /** The most that `tf.memory().numBytes` showed after any kernel. */
  readonly tensors: number;
  /** The most that the process held in RAM. */
  readonly resident: number;
  /** Bytes of the live activations of all samples, had they all been kept. */
  readonly unbounded: number;
}

/** Bytes that live activations may take: less than the inputs alone of the smallest run. */
export const BUDGET = 2 ** 20;

const SAMPLES = [1024, 2048, 4096] as const;
/**
 * Four times the samples may add so much: how rows fall into the chunks of the statistics depends on the number of rows
 * per sample.
 */
const MAX_GROWTH = 1.25;
const CHILD = new URL('memoryOfCompression.ts', import.meta.url).pathname;

/** Peak memory of a compression while the calibration samples double, each size in a process of its own. */
export async function memory(): Promise<void> {
  const peaks: Peak[] = [];
  for (const samples of SAMPLES) peaks.push(await peakOf(samples));
  const growth = {
    tensors: peaks[peaks.length - 1].tensors / peaks[0].tensors,
    resident: peaks[peaks.length - 1].resident / peaks[0].resident,
  };
  console.log(
    textTable(
      ['calibration samples', 'tensors, peak', 'process, peak', 'if all activations were kept'],
      peaks.map(({samples, tensors, resident, unbounded}) => [
        String(samples),
        ...[tensors, resident, unbounded].map(mebibytes),
      ]),
    ),
  );
  console.log(
    `budget for live activations ${mebibytes(BUDGET)}; ${SAMPLES[SAMPLES.length - 1] / SAMPLES[0]} times the ` +
      'samples: ' +
      `tensors × ${growth.tensors.toFixed(2)}, process × ${growth.resident.toFixed(2)}`,
  );
  keepResults('memory', {budget: BUDGET, peaks, growth});
  if (growth.tensors > MAX_GROWTH)
    throw new Error(`memory: expected the peak of tensors to stay, got × ${growth.tensors.toFixed(2)}`);
}

async function peakOf(samples: number): Promise<Peak> {
  const {stdout} = await promisify(execFile)(process.execPath, ['--import', 'tsx', CHILD, String(samples)]);
  const line = stdout.trim().split('\n').at(-1);
  if (line === undefined) throw new Error(`memory: expected a line of JSON from ${CHILD}, got nothing`);
  return JSON.parse(line) as Peak;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
