import {mkdirSync, writeFileSync} from 'node:fs';
import Table from 'cli-table3';
import type {Timing} from './speed/timing.ts';

const FOLDER = new URL('./results/', import.meta.url);

/** Keeps the figures of a benchmark as `bench/results/<name>.json`. */
export function keepResults(name: string, figures: object): void {
  mkdirSync(FOLDER, {recursive: true});
  writeFileSync(
    new URL(`${name}.json`, FOLDER),
    `${JSON.stringify({benchmark: name, node: process.version, ...figures}, undefined, 2)}\n`,
  );
}

/** A plain-text table; columns after the first are numbers and stand to the right. */
export function textTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: {head: [], border: [], compact: true},
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** The heads of {@link timingCells}. */
export const TIMING_HEAD = ['median', 'least', 'most', 'processor', 'runs'] as const;

/** A timing in seconds, and the number of runs. */
export function timingCells({median, least, most, cpu, runs}: Timing): string[] {
  return [median, least, most, cpu].map((seconds) => seconds.toFixed(3)).concat(String(runs));
}
