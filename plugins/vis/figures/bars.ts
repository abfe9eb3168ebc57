import {barX, ruleX, text, tickX} from '@observablehq/plot';
import {COLOURS, drawing, labelWidth, shortenName} from '../drawing.ts';

/** A bar followed by its number. */
export interface Bar {
  /** Which one, whole; a long one is shown shortened. */
  readonly label: string;
  /** How long it is; nothing is drawn where there is none. */
  readonly value: number | undefined;
  /** The number as text. */
  readonly text: string;
  /** What a pointer is told. */
  readonly title: string;
  /** Default: that of what came of it. */
  readonly colour?: string;
  /** Where a limit is marked. */
  readonly limit?: number | undefined;
}

/** How bars are drawn. */
export interface BarsOptions {
  /** What is shown, for those who cannot see it. */
  readonly label: string;
  readonly width: number;
  /** What a whole bar is worth: a track is drawn up to it. Without it, bars are as long as the longest. */
  readonly whole?: number;
}

/** Pixels of a bar and the gap below it; many stand closer. */
const rowHeight = (rows: number): number => (rows > 24 ? 18 : 24);

/** Horizontal bars, one below the other, in their order. */
export function bars(document: Document, rows: readonly Bar[], {label, width, whole}: BarsOptions): Element {
  const longest = Math.max(
    ...rows.flatMap(({value = 0, limit = 0}) => [value, limit]).filter(Number.isFinite),
    Number.MIN_VALUE,
  );
  const max = whole ?? longest;
  // One layer that overflowed does not take the bars of the others away.
  const lengthOf = ({value = 0}: Bar): number => (Number.isNaN(value) ? 0 : Math.min(value, max));
  return drawing({
    document,
    width,
    ariaLabel: `${label}. ${rows.map((row) => `${row.label}: ${row.text}`).join('; ')}`,
    height: rowHeight(rows.length) * rows.length + 4,
    marginTop: 2,
    marginBottom: 2,
    marginLeft: labelWidth(rows.map((row) => row.label)),
    marginRight: 12 + 6.6 * Math.max(...rows.map((row) => row.text.length)),
    x: {axis: null, domain: [0, max]},
    y: {
      label: null,
      domain: rows.map((row) => row.label),
      tickSize: 0,
      tickPadding: 8,
      tickFormat: shortenName,
      padding: 0.25,
    },
    marks: [
      ...(whole === undefined ? [] : [barX(rows, {x: whole, y: 'label', fill: 'currentColor', fillOpacity: 0.08})]),
      barX(rows, {x: lengthOf, y: 'label', fill: ({colour}: Bar) => colour ?? COLOURS.after, title: 'title'}),
      tickX(
        rows.filter(({limit = NaN}) => Number.isFinite(limit)),
        {x: 'limit', y: 'label', stroke: COLOURS.mark, strokeWidth: 2, title: 'title'},
      ),
      ruleX([0], {stroke: 'currentColor', strokeOpacity: 0.5}),
      text(rows, {
        x: (bar: Bar) => whole ?? Math.max(lengthOf(bar), Number.isFinite(bar.limit) ? (bar.limit ?? 0) : 0),
        y: 'label',
        text: 'text',
        textAnchor: 'start',
        dx: 6,
        title: 'title',
        fontVariant: 'tabular-nums',
      }),
    ],
  });
}
