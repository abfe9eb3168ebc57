import {readable} from '../../files/readable.ts';

/** A column of a table: its heading, and what it says of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** Numbers stand on the right. */
  readonly isNumber?: boolean;
}

/**
 * Rows as lines, in columns two spaces apart. What is too wide for the terminal is cut from the first column, the
 * names.
 * @param width of the terminal
 */
export function alignedTable<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[], width: number): string[] {
  const lines = [
    columns.map(({heading}) => heading),
    ...rows.map((row) => columns.map(({text}) => oneLine(text(row)))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  const excess = widths.reduce((sum, one) => sum + one + 2, -2) - width;
  widths[0] = Math.max(8, widths[0] - Math.max(0, excess));
  return lines.map((cells) =>
    cells
      .map((cell, i) => {
        const text = shortenText(cell, widths[i]);
        return columns[i].isNumber ? text.padStart(widths[i]) : text.padEnd(widths[i]);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** A cell of a stranger's file has one line, and an end. */
function oneLine(text: string): string {
  return readable(text.replaceAll(/\s+/g, ' '), LONGEST_CELL);
}

const LONGEST_CELL = 120;

/** Names differ at their ends. */
function shortenText(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(1 - width)}`;
}
