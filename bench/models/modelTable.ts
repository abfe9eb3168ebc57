import {textTable} from '../results.ts';
import {isMet, meanOf, type ModelRow} from './modelRow.ts';

const HEAD = ['model', 'method', 'setting', 'measure', 'mean', '± half range', 'aim', 'met', 'seconds'] as const;

/** Rows as a plain-text table. */
export function modelTable(rows: readonly ModelRow[]): string {
  return textTable(
    HEAD,
    rows.map((row) => [
      row.model,
      row.method,
      row.setting,
      row.measure,
      ...valueCells(row),
      aimOf(row),
      metOf(row),
      row.seconds?.toFixed(1) ?? '–',
    ]),
  );
}

/** A row in words, as it comes. */
export function rowLine(row: ModelRow): string {
  const [mean, spread] = valueCells(row);
  const aim = row.aim === undefined ? '' : `, aim ${aimOf(row)}: ${metOf(row)}`;
  const time = row.seconds === undefined ? '' : `, ${row.seconds.toFixed(1)} s`;
  return (
    `${row.model}, ${row.method}, ${row.setting}: ` +
    `${row.measure} ${mean}${spread === '–' ? '' : ` ± ${spread}`}${aim}${time}`
  );
}

function valueCells({values}: ModelRow): [mean: string, spread: string] {
  const spread = values.length > 1 ? ((Math.max(...values) - Math.min(...values)) / 2).toFixed(2) : '–';
  return [meanOf(values).toFixed(2), spread];
}

function aimOf({aim}: ModelRow): string {
  if (aim === undefined) return '–';
  return 'least' in aim ? `≥ ${aim.least}` : `≤ ${aim.most}`;
}

function metOf(row: ModelRow): string {
  const met = isMet(row);
  if (met === undefined) return '–';
  return met ? 'yes' : 'no';
}
