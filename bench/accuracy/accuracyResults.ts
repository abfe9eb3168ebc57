import {keptRows} from '../keptRows.ts';
import type {Setting} from './accuracyRows.ts';
import type {AccuracyFigures, AccuracyRun} from './measureAccuracy.ts';

/** One row as it is kept: what was run, and what came of it. */
export interface AccuracyResult extends AccuracyFigures {
  readonly method: string;
  readonly setting: Setting;
  readonly run: AccuracyRun;
}

/** Which row of which run a result is; results of one key replace each other. */
export function keyOf({
  method,
  setting: {bits, sparsity, pattern},
  run,
}: Pick<AccuracyResult, 'method' | 'setting' | 'run'>): string {
  return JSON.stringify([method, bits, sparsity, pattern, run.model, run.samples, run.seeds, run.testImages]);
}

/** Results as bench/results/accuracy.json keeps them. */
export const {read: readResults, keep: keepResult} = keptRows<AccuracyResult>('accuracy', keyOf);
