import type {Task} from '../task.ts';
import {panelsOf} from './blocks.ts';

/** A dense matrix, row-major: entry (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  /** The number of rows. */
  readonly rows: number;
  /** The number of columns. */
  readonly columns: number;
  /** All entries, row after row. */
  readonly data: Float64Array;
}

/**
 * A matrix over `data`, or of zeros.
 * @throws RangeError if `data` does not hold rows × columns numbers
 */
export function matrix(rows: number, columns: number, data: Float64Array = new Float64Array(rows * columns)): Matrix {
  if (data.length !== rows * columns) {
    throw new RangeError(`matrix: expected ${rows} × ${columns} = ${rows * columns} numbers, got ${data.length}`);
  }
  return {rows, columns, data};
}

/**
 * A matrix from an array of rows.
 * @throws RangeError if the rows differ in length
 */
export function fromRows(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows.length > 0 ? rows[0].length : 0;
  const result = matrix(rows.length, columns);
  rows.forEach((row, i) => {
    if (row.length !== columns)
      throw new RangeError(`fromRows: expected ${columns} numbers in row ${i}, got ${row.length}`);
    result.data.set(row, i * columns);
  });
  return result;
}

/** The rows of a matrix as plain arrays. */
export function toRows({rows, columns, data}: Matrix): number[][] {
  return Array.from({length: rows}, (_, i) => Array.from(data.subarray(i * columns, (i + 1) * columns)));
}

/** Aᵀ. */
export function* transpose(from: Matrix): Task<Matrix> {
  const {rows, columns, data} = from;
  const result = matrix(columns, rows);
  for (const {first, last} of panelsOf(from)) {
    for (let i = first; i < last; i++) {
      for (let j = 0; j < columns; j++) result.data[j * rows + i] = data[i * columns + j];
    }
    yield;
  }
  return result;
}

/** A − B. */
export function subtract(a: Matrix, b: Matrix): Matrix {
  requireSameShape('subtract', a, b);
  return matrix(
    a.rows,
    a.columns,
    a.data.map((value, i) => value - b.data[i]),
  );
}

/** H + Λ for a square H and a diagonal Λ, or one λ for Λ = λI. */
export function addToDiagonal(square: Matrix, amounts: number | Float64Array): Matrix {
  const result = matrix(square.rows, square.columns, square.data.slice());
  for (let t = 0; t < square.rows; t++)
    result.data[t * square.columns + t] += typeof amounts === 'number' ? amounts : amounts[t];
  return result;
}

/** The diagonal of a square matrix. */
export function diagonal({rows, columns, data}: Matrix): Float64Array {
  return Float64Array.from({length: rows}, (_, t) => data[t * columns + t]);
}

/** @throws RangeError if the shapes differ */
export function requireSameShape(where: string, a: Matrix, b: Matrix): void {
  if (a.rows !== b.rows || a.columns !== b.columns) {
    throw new RangeError(`${where}: expected two matrices of one shape, got ${shapeOf(a)} and ${shapeOf(b)}`);
  }
}

/** `[rows, columns]`, for messages. */
export function shapeOf({rows, columns}: Matrix): string {
  return `[${rows}, ${columns}]`;
}
