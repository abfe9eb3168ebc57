import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {ModelRow} from './modelRow.ts';

/** The rows that a file keeps, in its order; none if there is no such file. */
export function readModelRows(file: string): ModelRow[] {
  if (!existsSync(file)) return [];
  const {rows} = JSON.parse(readFileSync(file, 'utf8')) as {rows: ModelRow[]};
  return rows;
}

/**
 * Puts a row into a file: in the place of the one of the same model, method, setting and measure, or at the end. An
 * interruption harms nothing.
 */
export function keepModelRow(file: string, row: ModelRow): void {
  const rows = readModelRows(file);
  const at = rows.findIndex((kept) => keyOf(kept) === keyOf(row));
  const merged = at < 0 ? [...rows, row] : rows.map((kept, i) => (i === at ? row : kept));
  mkdirSync(dirname(file), {recursive: true});
  const partial = `${file}.tmp`;
  writeFileSync(
    partial,
    `${JSON.stringify({benchmark: 'models', node: process.version, rows: merged}, undefined, 2)}\n`,
  );
  renameSync(partial, file);
}

function keyOf({model, method, setting, measure}: ModelRow): string {
  return JSON.stringify([model, method, setting, measure]);
}
