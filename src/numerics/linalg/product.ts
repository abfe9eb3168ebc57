import type {Task} from '../task.ts';
import {type Block, blocksOf} from './blocks.ts';
import {type Matrix, matrix, shapeOf} from './matrix.ts';
import {createWasmTile, MAX_COLUMNS, MAX_ROWS, MAX_TERMS, TILE_SIZE, type WasmTile} from './wasmTile.ts';

/**
 * AB.
 * @param a `[rows, inner]`
 * @param b `[inner, columns]`
 * @throws RangeError if the inner sizes differ
 */
export function* multiply(a: Matrix, b: Matrix): Task<Matrix> {
  if (a.columns !== b.rows)
    throw new RangeError(`multiply: expected [m, k] and [k, n], got ${shapeOf(a)} and ${shapeOf(b)}`);
  const result = matrix(a.rows, b.columns);
  yield* addPanelProduct(result, a, b, {firstRow: 0, lastRow: a.rows, firstInner: 0, lastInner: a.columns});
  return result;
}

/** Rows `firstRow … lastRow − 1` of the product, summed over `firstInner … lastInner − 1`. */
export interface Panel {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstInner: number;
  readonly lastInner: number;
}

/** Scratch memory and compiled code, without state between products. Made at the first one: importing does nothing. */
let tile: WasmTile | 'none' | undefined;

/**
 * sum += A[panel] · B[panel], each entry adding its terms one by one in the order of the inner index.
 * That order does not depend on the panel's borders, so blocked callers get the same bits for any block size,
 * with WebAssembly's vectors or without. Tile sizes: `npm run bench -- product`.
 */
export function* addPanelProduct(
  sum: Matrix,
  a: Matrix,
  b: Matrix,
  {firstRow, lastRow, firstInner, lastInner}: Panel,
): Task<void> {
  tile ??= createWasmTile() ?? 'none';
  for (const rows of blocksOf(lastRow - firstRow, MAX_ROWS)) {
    for (const terms of blocksOf(lastInner - firstInner, MAX_TERMS)) {
      const part = {
        firstRow: firstRow + rows.first,
        lastRow: firstRow + rows.last,
        firstInner: firstInner + terms.first,
        lastInner: firstInner + terms.last,
      };
      if (tile === 'none') addEntries(sum, a, b, part);
      else addTiles(sum, a, b, part, tile);
      yield;
    }
  }
}

/** One entry at a time. */
function addEntries(sum: Matrix, a: Matrix, b: Matrix, {firstRow, lastRow, firstInner, lastInner}: Panel): void {
  for (let i = firstRow; i < lastRow; i++) {
    for (let s = firstInner; s < lastInner; s++) {
      const factor = a.data[i * a.columns + s];
      const to = i * sum.columns;
      const from = s * b.columns;
      for (let j = 0; j < b.columns; j++) sum.data[to + j] += factor * b.data[from + j];
    }
  }
}

/** A part that fits the tile's memory. */
function addTiles(sum: Matrix, a: Matrix, b: Matrix, part: Panel, wasm: WasmTile): void {
  copyRows(wasm.rows, a, part);
  for (const columns of blocksOf(b.columns, MAX_COLUMNS)) addPart(sum, b, part, columns, wasm);
}

function addPart(sum: Matrix, b: Matrix, part: Panel, columns: Block, wasm: WasmTile): void {
  const {firstRow, lastRow, firstInner, lastInner} = part;
  const width = columns.last - columns.first;
  copyColumns(wasm.columns, b, part, columns);
  for (let i = firstRow; i < lastRow; i++) {
    const from = i * sum.columns + columns.first;
    wasm.sums.set(sum.data.subarray(from, from + width), (i - firstRow) * MAX_COLUMNS);
  }
  // Past the edges a tile computes on arbitrary numbers, which are never read.
  for (let column = 0; column < width; column += TILE_SIZE) {
    for (let row = 0; row < lastRow - firstRow; row += TILE_SIZE) wasm.add(row, column, lastInner - firstInner);
  }
  for (let i = firstRow; i < lastRow; i++) {
    const from = (i - firstRow) * MAX_COLUMNS;
    sum.data.set(wasm.sums.subarray(from, from + width), i * sum.columns + columns.first);
  }
}

function copyRows(to: Float64Array, a: Matrix, {firstRow, lastRow, firstInner, lastInner}: Panel): void {
  for (let i = firstRow; i < lastRow; i++) {
    to.set(a.data.subarray(i * a.columns + firstInner, i * a.columns + lastInner), (i - firstRow) * MAX_TERMS);
  }
}

/** Four neighbouring columns side by side, so that tiles read memory in order. */
function copyColumns(to: Float64Array, b: Matrix, {firstInner, lastInner}: Panel, {first, last}: Block): void {
  for (let s = firstInner; s < lastInner; s++) {
    const row = s * b.columns + first;
    const term = (s - firstInner) * TILE_SIZE;
    for (let j = 0; j < last - first; j++) to[(j >>> 2) * MAX_TERMS * TILE_SIZE + term + (j & 3)] = b.data[row + j];
  }
}
