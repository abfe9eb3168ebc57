/** A column of a table: its heading, and the text of each row. */
export type Column<Row> = readonly [heading: string, text: (row: Row) => string];

/** The lines of a table: the headings, then a line for each row, padded so that columns align. */
export function textTable<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): string[] {
  const cells = [columns.map(([heading]) => heading), ...rows.map((row) => columns.map(([, text]) => text(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
