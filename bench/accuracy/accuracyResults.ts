import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {Setting} from './accuracyRows.ts';
import type {AccuracyFigures, AccuracyRun} from './measureAccuracy.ts';

/** One row as it is kept: what was run, and what came of it. */
export interface AccuracyResult extends AccuracyFigures {
  readonly method: string;
  readonly setting: Setting;
  readonly run: AccuracyRun;
}

/** The results that a file keeps, in its order; none if there is no such file. */
export function readResults(file: string): AccuracyResult[] {
  if (!existsSync(file)) return [];
  const {rows} = JSON.parse(readFileSync(file, 'utf8')) as {rows: AccuracyResult[]};
  return rows;
}

/**
 * Puts a result into a file: in the place of the one of the same method, setting and run, or at the end. An
 * interruption harms nothing.
 */
export function keepResult(file: string, result: AccuracyResult): void {
  const rows = readResults(file);
  const at = rows.findIndex((row) => keyOf(row) === keyOf(result));
  const merged = at < 0 ? [...rows, result] : rows.map((row, i) => (i === at ? result : row));
  mkdirSync(dirname(file), {recursive: true});
  const partial = `${file}.tmp`;
  writeFileSync(
    partial,
    `${JSON.stringify({benchmark: 'accuracy', node: process.version, rows: merged}, undefined, 2)}\n`,
  );
  renameSync(partial, file);
}

/** Which row of which run a result is; results of one key replace each other. */
export function keyOf({
  method,
  setting: {bits, sparsity, pattern},
  run,
}: Pick<AccuracyResult, 'method' | 'setting' | 'run'>): string {
  return JSON.stringify([method, bits, sparsity, pattern, run.model, run.samples, run.seeds, run.testImages]);
}
