import {type Matrix, matrix, shapeOf} from './matrix.ts';

/**
 * AB.
 * @param a `[rows, inner]`
 * @param b `[inner, columns]`
 * @throws RangeError if the inner sizes differ
 */
export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) throw new RangeError(`multiply: expected [m, k] and [k, n], got ${shapeOf(a)} and ${shapeOf(b)}`);
  const result = matrix(a.rows, b.columns);
  addPanelProduct(result, a, b, {firstRow: 0, lastRow: a.rows, firstInner: 0, lastInner: a.columns});
  return result;
}

/** Rows `firstRow … lastRow − 1` of the product, summed over `firstInner … lastInner − 1`. */
export interface Panel {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstInner: number;
  readonly lastInner: number;
}

/** Eight sums stay in registers; measured against 1 × 4, 4 × 2 and 4 × 4 with `npm run bench -- product`. */
const TILE_ROWS = 2;
const TILE_COLUMNS = 4;

/**
 * sum += A[panel] · B[panel], each entry adding its terms one by one in the order of the inner index.
 * That order does not depend on the panel's borders, so blocked callers get the same bits for any block size.
 */
export function addPanelProduct(sum: Matrix, a: Matrix, b: Matrix, panel: Panel): void {
  const {firstRow, lastRow, firstInner, lastInner} = panel;
  const inner = lastInner - firstInner;
  const packed = new Float64Array(inner * TILE_COLUMNS);
  const wholeColumns = b.columns - (b.columns % TILE_COLUMNS);
  const wholeRows = lastRow - ((lastRow - firstRow) % TILE_ROWS);
  for (let j = 0; j < wholeColumns; j += TILE_COLUMNS) {
    packColumns(packed, b, j, panel);
    for (let i = firstRow; i < wholeRows; i += TILE_ROWS) addTile(sum, a, packed, i, j, panel);
  }
  addEntries(sum, a, b, {...panel, firstRow: wholeRows}, 0, wholeColumns);
  addEntries(sum, a, b, panel, wholeColumns, b.columns);
}

/** Four neighbouring columns side by side, so that the tiles below read memory in order. */
function packColumns(packed: Float64Array, b: Matrix, column: number, {firstInner, lastInner}: Panel): void {
  for (let s = firstInner, to = 0; s < lastInner; s++) {
    const from = s * b.columns + column;
    packed[to++] = b.data[from];
    packed[to++] = b.data[from + 1];
    packed[to++] = b.data[from + 2];
    packed[to++] = b.data[from + 3];
  }
}

function addTile(sum: Matrix, a: Matrix, packed: Float64Array, i: number, j: number, {firstInner, lastInner}: Panel): void {
  const top = i * a.columns;
  const bottom = top + a.columns;
  const out = sum.data;
  const above = i * sum.columns + j;
  const below = above + sum.columns;
  let s00 = out[above], s01 = out[above + 1], s02 = out[above + 2], s03 = out[above + 3];
  let s10 = out[below], s11 = out[below + 1], s12 = out[below + 2], s13 = out[below + 3];
  for (let s = firstInner, p = 0; s < lastInner; s++, p += TILE_COLUMNS) {
    const a0 = a.data[top + s], a1 = a.data[bottom + s];
    const b0 = packed[p], b1 = packed[p + 1], b2 = packed[p + 2], b3 = packed[p + 3];
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
  }
  out[above] = s00; out[above + 1] = s01; out[above + 2] = s02; out[above + 3] = s03;
  out[below] = s10; out[below + 1] = s11; out[below + 2] = s12; out[below + 3] = s13;
}

/** What no whole tile covers, one entry at a time. */
function addEntries(sum: Matrix, a: Matrix, b: Matrix, panel: Panel, firstColumn: number, lastColumn: number): void {
  for (let i = panel.firstRow; i < panel.lastRow; i++) {
    for (let j = firstColumn; j < lastColumn; j++) {
      let entry = sum.data[i * sum.columns + j];
      for (let s = panel.firstInner; s < panel.lastInner; s++) entry += a.data[i * a.columns + s] * b.data[s * b.columns + j];
      sum.data[i * sum.columns + j] = entry;
    }
  }
}
