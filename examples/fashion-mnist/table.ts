import Table from 'cli-table3';

/** What one method made of the model. */
export interface MethodResult {
  readonly method: string;
  readonly bits: number;
  /** Letters in the alphabet; a float model has none. */
  readonly levels?: number;
  /** On the test images, in [0, 1]; one for each seed. */
  readonly accuracies: readonly number[];
  readonly bytes: number;
  readonly gzipBytes: number;
}

/**
 * The results as a table for the terminal; losses are against the first row, in percentage points, with the spread over
 * seeds.
 */
export function methodTable(results: readonly MethodResult[]): string {
  const table = new Table({
    head: ['method', 'bits', 'levels', 'accuracy', 'loss (points)', 'size', 'gzip'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: {head: [], border: []},
  });
  const float = meanOf(results[0].accuracies);
  for (const {method, bits, levels, accuracies, bytes, gzipBytes} of results) {
    const accuracy = meanOf(accuracies);
    const spread =
      accuracies.length > 1 ? ` ± ${(50 * (Math.max(...accuracies) - Math.min(...accuracies))).toFixed(2)}` : '';
    table.push([
      method,
      Number.isInteger(bits) ? bits : bits.toFixed(2),
      levels ?? '–',
      `${(100 * accuracy).toFixed(2)} %${spread}`,
      (100 * (float - accuracy)).toFixed(2),
      readableBytes(bytes),
      readableBytes(gzipBytes),
    ]);
  }
  return table.toString();
}

/** Three digits and a decimal unit: 1_968_000 is '1.97 MB'. */
export function readableBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
