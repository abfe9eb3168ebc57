import {
  add,
  concat,
  dispose,
  getBackend,
  matMul,
  reshape,
  split,
  sum,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type {GramPair} from '../numerics/correction/centering.ts';
import {type Block, blocksOf, panelsOf} from '../numerics/linalg/blocks.ts';
import {type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import type {Task} from '../numerics/task.ts';
import {immediately, type TaskRunner} from '../numerics/task.ts';
import {takeRows} from './takeRows.ts';

/** Rows per product: float32 sums this short keep seven digits, and wasm multiplies faster while they stay in cache. */
export const CHUNK_ROWS = 512;

/**
 * Features per product, so that one GPU submission stays short. H is symmetric: blocks above its diagonal are skipped.
 *
 *     H  ┌───┐            G  ┌───┬───┬───┐      block (row, column) covers MAX_BLOCK_FEATURES features each way;
 *        │0,0│               │0,0│0,1│0,2│      the last of a row or column may be smaller
 *        ├───┼───┐           ├───┼───┼───┤
 *        │1,0│1,1│           │1,0│1,1│1,2│
 *        ├───┼───┼───┐       ├───┼───┼───┤
 *        │2,0│2,1│2,2│       │2,0│2,1│2,2│
 *        └───┴───┴───┘       └───┴───┴───┘
 */
export const MAX_BLOCK_FEATURES = 448;

/**
 * Rows of X̃ and X `[problems, rows, features]` that wait for a full chunk; the same tensor where the networks agree.
 */
type Piece = {readonly shadow: Tensor3D; readonly original: Tensor3D};

/**
 * Totals of one problem over all rows so far: blocks of H on and below the diagonal, all of G, sums `[1, features]`.
 */
interface Totals {
  readonly gram: Matrix;
  readonly crossGram: Matrix;
  readonly sum: Matrix;
  readonly shadowSum: Matrix;
}

/** What a chunk adds to one place of the totals: `[problems, rows, columns]`, from (row, column) on. */
type GramBlock = {readonly to: keyof Totals; readonly row: number; readonly column: number; readonly values: Tensor3D};

/**
 * Accumulates H = X̃ᵀX̃ and G = X̃ᵀX over batches of rows, so that memory does not depend on their number. Chunks are
 * float32 products on the device. Their totals are float64 where reading back is cheap (cpu, wasm), else float32 on the
 * device. The same rows in the same order give the same statistics, whatever the batches were.
 */
export class GramStatistics {
  private readonly pending: Piece[] = [];
  private pendingRows = 0;
  private rows = 0;
  private totals: readonly Totals[] | undefined;
  private deviceTotals: GramBlock[] = [];
  private readonly readsBack = getBackend() === 'cpu' || getBackend() === 'wasm';

  /** @param runner awaited between products */
  constructor(private readonly runner: TaskRunner = immediately) {}

  /**
   * @param shadow X̃ `[problems, rows, features]`
   * @param original X, or the same tensor where both networks agree; both stay the caller's
   */
  async add(shadow: Tensor3D, original: Tensor3D): Promise<void> {
    this.pending.push(...piecesOf(shadow, original, CHUNK_ROWS - this.pendingRows));
    this.pendingRows += shadow.shape[1];
    while (this.pendingRows >= CHUNK_ROWS) await this.flush();
  }

  /**
   * The statistics of every problem. Ends the accumulation.
   * @throws RangeError if no row was added
   */
  async take(): Promise<GramPair[]> {
    if (this.pendingRows > 0) await this.flush();
    await this.read(this.deviceTotals);
    const {totals, rows} = this;
    if (!totals) throw new RangeError('GramStatistics: expected at least one row, got none');
    this.dispose();
    const pairs: GramPair[] = [];
    for (const total of totals) pairs.push(await this.runner.run(statisticsOf(total, rows)));
    return pairs;
  }

  /** Frees what is pending or accumulated. */
  dispose(): void {
    dispose([this.pending.splice(0), this.deviceTotals]);
    this.deviceTotals = [];
    this.totals = undefined;
    this.pendingRows = 0;
  }

  /** Multiplies the pending rows, at most a chunk of them: one product after the other, for each may take a while. */
  private async flush(): Promise<void> {
    const chunk = chunkOf(this.nextChunk());
    this.totals ??= emptyTotals(chunk);
    let slot = 0;
    try {
      await this.runner.checkpoint();
      for (const parts of gramBlocksOf(chunk)) {
        if (this.readsBack)
          await this.read(parts).finally(() => {
            dispose(parts);
          });
        else this.addOnDevice(parts, slot);
        slot += parts.length;
        await this.runner.checkpoint();
      }
    } finally {
      dispose(chunk);
    }
  }

  /** Whole pieces: they were cut to fit. */
  private nextChunk(): Piece[] {
    const chunk: Piece[] = [];
    let rows = 0;
    for (
      let piece = this.pending[0] as Piece | undefined;
      piece && rows < CHUNK_ROWS;
      piece = this.pending[0] as Piece | undefined
    ) {
      chunk.push(piece);
      rows += piece.shadow.shape[1];
      this.pending.shift();
    }
    this.pendingRows -= rows;
    this.rows += rows;
    return chunk;
  }

  private async read(parts: readonly GramBlock[]): Promise<void> {
    for (const part of parts) addBlock(this.totals ?? [], part, await part.values.data<'float32'>());
  }

  /** Every chunk has the same parts in the same order. */
  private addOnDevice(parts: readonly GramBlock[], slot: number): void {
    const before = this.deviceTotals.slice(slot, slot + parts.length);
    this.deviceTotals.splice(
      slot,
      parts.length,
      ...parts.map((part, i) =>
        before.length > 0 ? {...part, values: add<Tensor3D>(before[i].values, part.values)} : part,
      ),
    );
    if (before.length > 0) dispose([before, [...parts]]);
  }
}

/** The rows of a batch, cut where chunks end: the first piece fills the chunk that has room for so many rows. */
function piecesOf(shadow: Tensor3D, original: Tensor3D, room: number): Piece[] {
  const rows = shadow.shape[1];
  const head = Math.min(room, rows);
  const blocks = [
    {first: 0, last: head},
    ...Array.from(blocksOf(rows - head, CHUNK_ROWS), ({first, last}) => ({first: head + first, last: head + last})),
  ];
  const cut = (columns: Tensor3D) =>
    blocks.length === 1 ? [columns.clone()] : blocks.map((block) => rowsOf(columns, block));
  const shadows = cut(shadow);
  const originals = shadow === original ? shadows : cut(original);
  return shadows.map((piece, i) => ({shadow: piece, original: originals[i]}));
}

/** Rows of every problem; wasm's own `slice` and `split` copy all of them first. */
function rowsOf(columns: Tensor3D, {first, last}: Block): Tensor3D {
  const [problems, rows, features] = columns.shape;
  const indices = Int32Array.from(
    {length: problems * (last - first)},
    (_, i) => Math.floor(i / (last - first)) * rows + first + (i % (last - first)),
  );
  return tidy(() =>
    reshape(takeRows(reshape(columns, [problems * rows, features]), indices), [problems, last - first, features]),
  );
}

/** Rows to be multiplied, their features in blocks `[problems, rows, features of the block]`. */
type Chunk = {
  readonly features: number;
  /** X̃ and X, one list twice where both networks agree. */
  readonly shadow: Tensor3D[];
  readonly original: Tensor3D[];
  /** X̃ᵀ. */
  readonly transposed: Tensor3D[];
};

/** The rows of pieces, of which it disposes. */
function chunkOf(pieces: readonly Piece[]): Chunk {
  try {
    return tidy((): Chunk => {
      const shadow = gramBlocksIn(pieces.map((piece) => piece.shadow));
      const shares = pieces.every((piece) => piece.shadow === piece.original);
      const original = shares ? shadow : gramBlocksIn(pieces.map((piece) => piece.original));
      // Explicitly: wasm's own `transposeA` is eight times slower.
      return {
        features: pieces[0].shadow.shape[2],
        shadow,
        original,
        transposed: shadow.map((block) => transpose(block, [0, 2, 1])),
      };
    });
  } finally {
    dispose([...pieces]);
  }
}

/** Blocks of about one size. */
function blocksFor(features: number): Block[] {
  return [...blocksOf(features, Math.ceil(features / Math.ceil(features / MAX_BLOCK_FEATURES)))];
}

function gramBlocksIn(pieces: Tensor3D[]): Tensor3D[] {
  const rows = pieces.length === 1 ? pieces[0].clone() : concat(pieces, 1);
  const blocks = blocksFor(rows.shape[2]);
  return blocks.length === 1
    ? [rows]
    : split<Tensor3D>(
        rows,
        blocks.map(({first, last}) => last - first),
        2,
      );
}

/** One product at a time, or none: H by blocks on and below the diagonal, G by blocks, and the sums of rows. */
function* gramBlocksOf({features, shadow, original, transposed}: Chunk): Generator<GramBlock[]> {
  const blocks = blocksFor(features);
  const productOf = (to: keyof Totals, i: number, j: number, columns: readonly Tensor3D[]): GramBlock => ({
    to,
    row: blocks[i].first,
    column: blocks[j].first,
    values: matMul(transposed[i], columns[j]),
  });
  for (let i = 0; i < blocks.length; i++) {
    for (let j = 0; j <= i; j++) {
      const gram = productOf('gram', i, j, shadow);
      if (original === shadow) yield [gram, ...mirrorBlock(gram)];
      else {
        yield [gram];
        yield [productOf('crossGram', i, j, original)];
        if (j < i) yield [productOf('crossGram', j, i, original)];
      }
    }
    yield [
      {to: 'sum', row: 0, column: blocks[i].first, values: sum(original[i], 1, true)},
      {to: 'shadowSum', row: 0, column: blocks[i].first, values: sum(shadow[i], 1, true)},
    ];
  }
}

/** What a block of H is to G, where both are the same. */
function mirrorBlock({row, column, values}: GramBlock): GramBlock[] {
  const block: GramBlock = {to: 'crossGram', row, column, values};
  return row === column
    ? [block]
    : [block, {to: 'crossGram', row: column, column: row, values: transpose(values, [0, 2, 1])}];
}

function emptyTotals({
  features,
  shadow: [
    {
      shape: [problems],
    },
  ],
}: Chunk): Totals[] {
  return Array.from({length: problems}, () => ({
    gram: matrix(features, features),
    crossGram: matrix(features, features),
    sum: matrix(1, features),
    shadowSum: matrix(1, features),
  }));
}

function addBlock(
  totals: readonly Totals[],
  {
    to,
    row,
    column,
    values: {
      shape: [, rows, columns],
    },
  }: GramBlock,
  values: Float32Array,
): void {
  totals.forEach((total, p) => {
    const {data, columns: stride} = total[to];
    for (let i = 0; i < rows; i++) {
      const into = (row + i) * stride + column;
      const from = (p * rows + i) * columns;
      for (let j = 0; j < columns; j++) data[into + j] += values[from + j];
    }
  });
}

function* statisticsOf({gram, crossGram, sum, shadowSum}: Totals, rows: number): Task<GramPair> {
  return {
    gram: yield* symmetric(gram),
    crossGram,
    mean: sum.data.map((entry) => entry / rows),
    shadowMean: shadowSum.data.map((entry) => entry / rows),
    rows,
  };
}

/** The matrix whose lower triangle is given. */
function* symmetric(lower: Matrix): Task<Matrix> {
  const {rows, columns, data} = lower;
  const result = matrix(rows, columns, data.slice());
  for (const {first, last} of panelsOf(lower)) {
    for (let i = first; i < last; i++) for (let j = 0; j < i; j++) result.data[j * columns + i] = data[i * columns + j];
    yield;
  }
  return result;
}
