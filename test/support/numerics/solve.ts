import {type Matrix, matrix} from 'tfjs-compress/numerics';

/** A⁻¹B by Gauss–Jordan elimination with row pivots. */
export function solve(square: Matrix, right: Matrix): Matrix {
  const size = square.rows;
  const rows = Array.from({length: size}, (_, i) => [
    ...square.data.subarray(i * size, (i + 1) * size),
    ...right.data.subarray(i * right.columns, (i + 1) * right.columns),
  ]);
  for (let k = 0; k < size; k++) {
    const pivot = rows.reduce((best, row, i) => (i >= k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    const scale = rows[k][k];
    rows[k] = rows[k].map((entry) => entry / scale);
    rows.forEach((row, i) => {
      const factor = row[k];
      if (i !== k && factor !== 0) rows[i] = row.map((entry, j) => entry - factor * rows[k][j]);
    });
  }
  return matrix(size, right.columns, Float64Array.from(rows.flatMap((row) => row.slice(size))));
}

/** I. */
export function identity(size: number): Matrix {
  return matrix(
    size,
    size,
    Float64Array.from({length: size * size}, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
  );
}

/** H + λI, λ = damping · mean diag H. */
export function damped({rows, data}: Matrix, damping: number): {gram: Matrix; lambda: number} {
  const trace = data.reduce((sum, entry, i) => (i % (rows + 1) === 0 ? sum + entry : sum), 0);
  const lambda = (damping * trace) / rows;
  return {
    gram: matrix(
      rows,
      rows,
      data.map((entry, i) => (i % (rows + 1) === 0 ? entry + lambda : entry)),
    ),
    lambda,
  };
}
