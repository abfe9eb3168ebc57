import {add, concat, dispose, getBackend, matMul, split, sum, type Tensor3D, tidy, transpose} from '@tensorflow/tfjs-core';
import {blocksOf} from '../numerics/blocks.ts';
import type {GramPair} from '../numerics/centering.ts';
import {type Matrix, matrix} from '../numerics/matrix.ts';

/** Rows multiplied at once: float32 sums this short keep seven digits, and wasm multiplies faster while they stay in the caches. */
export const CHUNK_ROWS = 512;

/** At most so many features side by side in one product: H is symmetric, and blocks above its diagonal need not be made. */
export const MOST_BLOCK_FEATURES = 640;

/** Rows of X̃ and X `[problems, rows, features]` that wait for their chunk; one tensor twice where both networks agree. */
type Piece = {readonly shadow: Tensor3D; readonly original: Tensor3D};

/** All rows so far of one problem. Of H only what is on and below the diagonal's blocks; the sums of rows are `[1, features]`. */
interface Totals {
  readonly gram: Matrix;
  readonly crossGram: Matrix;
  readonly sum: Matrix;
  readonly shadowSum: Matrix;
}

/** What a chunk adds to one place of the totals: `[problems, rows, columns]`, from (row, column) on. */
type Part = {readonly to: keyof Totals; readonly row: number; readonly column: number; readonly values: Tensor3D};

/**
 * Accumulates H = X̃ᵀX̃ and G = X̃ᵀX over batches of rows, so that memory does not depend on their number.
 * Chunks are float32 products on the device. Their totals are float64 where reading back is cheap (cpu, wasm), else float32 on the device.
 * The same rows in the same order give the same statistics, whatever the batches were.
 */
export class GramStatistics {
  private readonly pending: Piece[] = [];
  private pendingRows = 0;
  private rows = 0;
  private totals: readonly Totals[] | undefined;
  private deviceTotals: Part[] = [];
  private readonly readsBack = getBackend() === 'cpu' || getBackend() === 'wasm';

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
    return totals.map((total) => statisticsOf(total, rows));
  }

  /** Frees what is pending or accumulated. */
  dispose(): void {
    dispose([this.pending.splice(0), this.deviceTotals]);
    this.deviceTotals = [];
    this.totals = undefined;
    this.pendingRows = 0;
  }

  /** Multiplies the pending rows, at most a chunk of them. */
  private async flush(): Promise<void> {
    const pieces = this.nextChunk();
    let parts: Part[];
    try {
      parts = tidy(() => partsOf(pieces));
    } finally {
      dispose(pieces);
    }
    if (this.readsBack) await this.read(parts).finally(() => { dispose(parts); });
    else this.addOnDevice(parts);
  }

  /** Whole pieces: they were cut to fit. */
  private nextChunk(): Piece[] {
    const chunk: Piece[] = [];
    let rows = 0;
    for (let piece = this.pending[0] as Piece | undefined; piece && rows < CHUNK_ROWS; piece = this.pending[0] as Piece | undefined) {
      chunk.push(piece);
      rows += piece.shadow.shape[1];
      this.pending.shift();
    }
    this.pendingRows -= rows;
    this.rows += rows;
    return chunk;
  }

  private async read(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      const values = await part.values.data<'float32'>();
      this.totals ??= noTotals(parts);
      addPart(this.totals, part, values);
    }
  }

  private addOnDevice(parts: Part[]): void {
    const before = this.deviceTotals;
    if (before.length === 0) {
      this.deviceTotals = parts;
      return;
    }
    this.deviceTotals = parts.map((part, i) => ({...part, values: add(before[i].values, part.values)}));
    dispose([before, parts]);
  }
}

/** The rows of a batch, cut where chunks end: the first piece fills the chunk that has room for so many rows. */
function piecesOf(shadow: Tensor3D, original: Tensor3D, room: number): Piece[] {
  const rows = shadow.shape[1];
  const head = Math.min(room, rows);
  const sizes = [head, ...Array.from(blocksOf(rows - head, CHUNK_ROWS), ({first, last}) => last - first)];
  const cut = (columns: Tensor3D) => (sizes.length === 1 ? [columns.clone()] : split<Tensor3D>(columns, sizes, 1));
  const shadows = cut(shadow);
  const originals = shadow === original ? shadows : cut(original);
  return shadows.map((piece, i) => ({shadow: piece, original: originals[i]}));
}

/** H by blocks on and below the diagonal, G by blocks of rows, and the sums of rows. */
function partsOf(pieces: readonly Piece[]): Part[] {
  const shares = pieces.every((piece) => piece.shadow === piece.original);
  const shadow = joined(pieces.map((piece) => piece.shadow));
  const original = shares ? shadow : joined(pieces.map((piece) => piece.original));
  const features = shadow.shape[2];
  const blocks = [...blocksOf(features, Math.ceil(features / Math.ceil(features / MOST_BLOCK_FEATURES)))];
  const columns = split<Tensor3D>(shadow, blocks.map(({first, last}) => last - first), 2);
  // Explicitly: wasm's own `transposeA` is eight times slower.
  const transposed = columns.map((block) => transpose(block, [0, 2, 1]));
  const gram = blocks.flatMap(({first}, i) => blocks.slice(0, i + 1).map((before, j): Part => (
    {to: 'gram', row: first, column: before.first, values: matMul(transposed[i], columns[j])})));
  const crossGram = shares ? gram.flatMap(mirrored) : blocks.map(({first}, i): Part => (
    {to: 'crossGram', row: first, column: 0, values: matMul(transposed[i], original)}));
  return [
    ...gram,
    ...crossGram,
    {to: 'sum', row: 0, column: 0, values: sum(original, 1, true)},
    {to: 'shadowSum', row: 0, column: 0, values: sum(shadow, 1, true)},
  ];
}

/** What a block of H is to G, where both are the same. */
function mirrored({row, column, values}: Part): Part[] {
  const block: Part = {to: 'crossGram', row, column, values};
  return row === column ? [block] : [block, {to: 'crossGram', row: column, column: row, values: transpose(values, [0, 2, 1])}];
}

function joined(pieces: readonly Tensor3D[]): Tensor3D {
  return pieces.length === 1 ? pieces[0] : concat([...pieces], 1);
}

function noTotals(parts: readonly Part[]): Totals[] {
  const [problems, , features] = parts[parts.length - 1].values.shape;
  return Array.from({length: problems}, () => ({
    gram: matrix(features, features), crossGram: matrix(features, features), sum: matrix(1, features), shadowSum: matrix(1, features),
  }));
}

function addPart(totals: readonly Totals[], {to, row, column, values: {shape: [, rows, columns]}}: Part, values: Float32Array): void {
  totals.forEach((total, p) => {
    const {data, columns: stride} = total[to];
    for (let i = 0; i < rows; i++) {
      const into = (row + i) * stride + column;
      const from = (p * rows + i) * columns;
      for (let j = 0; j < columns; j++) data[into + j] += values[from + j];
    }
  });
}

function statisticsOf({gram, crossGram, sum, shadowSum}: Totals, rows: number): GramPair {
  return {
    gram: symmetric(gram), crossGram,
    mean: sum.data.map((entry) => entry / rows),
    shadowMean: shadowSum.data.map((entry) => entry / rows),
    rows,
  };
}

/** The matrix whose lower triangle is given. */
function symmetric(lower: Matrix): Matrix {
  const {rows, columns, data} = lower;
  const result = matrix(rows, columns, data.slice());
  for (let i = 0; i < rows; i++) for (let j = 0; j < i; j++) result.data[j * columns + i] = data[i * columns + j];
  return result;
}
