import {runInThisContext} from 'node:vm';
import {multiply} from '../../src/numerics/index.ts';
import {type Matrix, matrix} from '../../src/numerics/linalg/matrix.ts';
import {uniformAt} from '../../src/numerics/random.ts';
import {keepResults, textTable, TIMING_HEAD, timingCells} from '../results.ts';
import {timed, type Timing} from './timing.ts';

const SIZE = {rows: 1024, inner: 1024, columns: 256} as const;
const TILES = [
  [1, 1],
  [1, 4],
  [1, 8],
  [2, 2],
  [2, 4],
  [2, 8],
  [4, 2],
  [4, 4],
  [8, 1],
] as const;

/**
 * `multiply` as it is in the library (vectors of WebAssembly, tiles of 4 × 4), beside plain scalar tiles of other
 * sizes. All give the same bits.
 */
export async function product({repeat}: {readonly repeat: number}): Promise<void> {
  const a = randomMatrix(SIZE.rows, SIZE.inner, 1);
  const b = randomMatrix(SIZE.inner, SIZE.columns, 2);
  const library = await timed(() => multiply(a, b), {runs: repeat});
  const timings: Record<string, Timing> = {'multiply of the library': library.timing};
  for (const [rows, columns] of TILES) {
    const tile = compileTile(rows, columns);
    const {timing, result} = await timed(() => multiplyByTiles(a, b, tile, rows, columns), {runs: repeat});
    if (!result.data.every((entry, i) => entry === library.result.data[i]))
      throw new Error(`product: expected tiles of ${rows} × ${columns} to give the same bits`);
    timings[`scalar tiles of ${rows} × ${columns}`] = timing;
  }
  const work = (SIZE.rows * SIZE.inner * SIZE.columns) / 1e9;
  console.log(`[${SIZE.rows}, ${SIZE.inner}] · [${SIZE.inner}, ${SIZE.columns}], float64`);
  console.log(
    textTable(
      ['seconds', ...TIMING_HEAD, '10⁹ multiply-adds / s'],
      Object.entries(timings).map(([name, timing]) => [name, ...timingCells(timing), (work / timing.cpu).toFixed(2)]),
    ),
  );
  keepResults('product', {size: SIZE, seconds: timings});
}

/** out[i … , j … ] += a · packed over the whole inner index, sums in local variables. */
type Tile = (
  out: Float64Array,
  a: Float64Array,
  packed: Float64Array,
  i: number,
  j: number,
  inner: number,
  columns: number,
) => void;

/** The tile as straight-line code, as it would be written by hand. */
function compileTile(rows: number, columns: number): Tile {
  const each = (line: (r: number, c: number) => string) =>
    range(rows)
      .flatMap((r) => range(columns).map((c) => line(r, c)))
      .join('\n');
  return runInThisContext(`(out, a, packed, i, j, inner, columns) => {
    ${each((r, c) => `let s${r}_${c} = out[(i + ${r}) * columns + j + ${c}];`)}
    for (let s = 0, p = 0; s < inner; s++, p += ${columns}) {
      ${range(rows)
        .map((r) => `const a${r} = a[(i + ${r}) * inner + s];`)
        .join('\n')}
      ${range(columns)
        .map((c) => `const b${c} = packed[p + ${c}];`)
        .join('\n')}
      ${each((r, c) => `s${r}_${c} += a${r} * b${c};`)}
    }
    ${each((r, c) => `out[(i + ${r}) * columns + j + ${c}] = s${r}_${c};`)}
  }`) as Tile;
}

function multiplyByTiles(a: Matrix, b: Matrix, tile: Tile, rows: number, columns: number): Matrix {
  const result = matrix(a.rows, b.columns);
  const packed = new Float64Array(b.rows * columns);
  for (let j = 0; j < b.columns; j += columns) {
    for (let s = 0; s < b.rows; s++)
      packed.set(b.data.subarray(s * b.columns + j, s * b.columns + j + columns), s * columns);
    for (let i = 0; i < a.rows; i += rows) tile(result.data, a.data, packed, i, j, a.columns, b.columns);
  }
  return result;
}

function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  return matrix(
    rows,
    columns,
    Float64Array.from({length: rows * columns}, (_, i) => uniformAt(seed, 0, i, 0) - 0.5),
  );
}

function range(length: number): number[] {
  return Array.from({length}, (_, i) => i);
}
