import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';

/** Rows of a benchmark that a file of bench/results keeps. */
export interface KeptRows<Row> {
  /** The rows in the order of the file; none if there is no such file. */
  read(file: string): Row[];
  /** Puts a row into a file: in place of the one with the same key, or at the end. An interruption harms nothing. */
  keep(file: string, row: Row): void;
}

/**
 * Rows of one benchmark.
 * @param benchmark its name in the file
 * @param keyOf which row it is: rows of one key replace each other
 */
export function keptRows<Row>(benchmark: string, keyOf: (row: Row) => string): KeptRows<Row> {
  const read = (file: string): Row[] => {
    if (!existsSync(file)) return [];
    const {rows} = JSON.parse(readFileSync(file, 'utf8')) as {rows: Row[]};
    return rows;
  };
  return {
    read,
    keep(file, row) {
      const rows = read(file);
      const at = rows.findIndex((kept) => keyOf(kept) === keyOf(row));
      const merged = at < 0 ? [...rows, row] : rows.map((kept, i) => (i === at ? row : kept));
      mkdirSync(dirname(file), {recursive: true});
      const partial = `${file}.tmp`;
      writeFileSync(partial, `${JSON.stringify({benchmark, node: process.version, rows: merged}, undefined, 2)}\n`);
      renameSync(partial, file);
    },
  };
}
