import type {Tensor3D} from '@tensorflow/tfjs-core';
import type {GramPair} from '../numerics/correction/centering.ts';
import {panelsOf} from '../numerics/linalg/blocks.ts';
import {type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import type {Task} from '../numerics/task.ts';

/**
 * Totals of one problem over all rows so far: blocks of H on and below the diagonal, all of G, sums `[1, features]`.
 */
export interface Totals {
  readonly gram: Matrix;
  readonly crossGram: Matrix;
  readonly sum: Matrix;
  readonly shadowSum: Matrix;
}

/** What a chunk adds to one block of the totals: `[problems, rows, columns]`, from (row, column) on. */
export type GramBlock = {
  readonly to: keyof Totals;
  readonly row: number;
  readonly column: number;
  readonly values: Tensor3D;
};

/** Totals of no rows, one for each problem. */
export function emptyTotals(problems: number, features: number): Totals[] {
  return Array.from({length: problems}, () => ({
    gram: matrix(features, features),
    crossGram: matrix(features, features),
    sum: matrix(1, features),
    shadowSum: matrix(1, features),
  }));
}

/** totals += block, for every problem. @param values the entries of the block, read back */
export function addBlock(
  totals: readonly Totals[],
  {to, row, column, values: {shape}}: GramBlock,
  values: Float32Array,
): void {
  const [, rows, columns] = shape;
  totals.forEach((total, p) => {
    const {data, columns: stride} = total[to];
    for (let i = 0; i < rows; i++) {
      const into = (row + i) * stride + column;
      const from = (p * rows + i) * columns;
      for (let j = 0; j < columns; j++) data[into + j] += values[from + j];
    }
  });
}

/** H and G in full, and the mean rows. */
export function* statisticsOf({gram, crossGram, sum, shadowSum}: Totals, rows: number): Task<GramPair> {
  return {
    gram: yield* symmetric(gram),
    crossGram,
    mean: sum.data.map((entry) => entry / rows),
    shadowMean: shadowSum.data.map((entry) => entry / rows),
    rows,
  };
}

/** The symmetric matrix with this lower triangle. */
function* symmetric(lower: Matrix): Task<Matrix> {
  const {rows, columns, data} = lower;
  const result = matrix(rows, columns, data.slice());
  for (const {first, last} of panelsOf(lower)) {
    for (let i = first; i < last; i++) for (let j = 0; j < i; j++) result.data[j * columns + i] = data[i * columns + j];
    yield;
  }
  return result;
}
