import Table from 'cli-table3';

/** What one method made of the model. */
export interface MethodResult {
  readonly method: string;
  readonly bits: number;
  /** Letters in the alphabet; a float model has none. */
  readonly levels?: number;
  /** On the test images, in [0, 1]. */
  readonly accuracy: number;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** The results as a table for the terminal; losses are against the first row, in percentage points. */
export function methodTable(results: readonly MethodResult[]): string {
  const table = new Table({
    head: ['method', 'bits', 'levels', 'accuracy', 'loss (points)', 'size', 'gzip'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: {head: [], border: []},
  });
  for (const {method, bits, levels, accuracy, bytes, gzipBytes} of results) {
    const loss = 100 * (results[0].accuracy - accuracy);
    table.push([method, Number.isInteger(bits) ? bits : bits.toFixed(2), levels ?? '–', `${(100 * accuracy).toFixed(2)} %`, loss.toFixed(2), readableBytes(bytes), readableBytes(gzipBytes)]);
  }
  return table.toString();
}

/** Three digits and a decimal unit: 1_968_000 is '1.97 MB'. */
export function readableBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}
