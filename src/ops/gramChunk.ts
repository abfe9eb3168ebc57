import {concat, dispose, matMul, reshape, split, sum, type Tensor3D, tidy, transpose} from '@tensorflow/tfjs-core';
import {type Block, blocksOf} from '../numerics/linalg/blocks.ts';
import type {GramBlock, Totals} from './gramTotals.ts';
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
export type Piece = {readonly shadow: Tensor3D; readonly original: Tensor3D};

/** The rows of a batch, cut where chunks end: the first piece fills up the chunk that was begun. */
export function piecesOf(shadow: Tensor3D, original: Tensor3D, room: number): Piece[] {
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

/** Takes rows of every problem; wasm's own `slice` and `split` would copy all rows first. */
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
export type Chunk = {
  readonly features: number;
  /** X̃ and X, one list twice where both networks agree. */
  readonly shadow: Tensor3D[];
  readonly original: Tensor3D[];
  /** X̃ᵀ. */
  readonly transposed: Tensor3D[];
};

/** Joins the rows of pieces, and disposes of the pieces. */
export function chunkOf(pieces: readonly Piece[]): Chunk {
  try {
    return tidy((): Chunk => {
      const shadow = gramBlocksIn(pieces.map((piece) => piece.shadow));
      const shares = pieces.every((piece) => piece.shadow === piece.original);
      const original = shares ? shadow : gramBlocksIn(pieces.map((piece) => piece.original));
      // Transposed here, because wasm's own `transposeA` is eight times slower.
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

/** The features in blocks of about equal size. */
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

/** H by blocks on and below the diagonal, G by blocks, and the sums of rows; at most one product at a time. */
export function* gramBlocksOf({features, shadow, original, transposed}: Chunk): Generator<GramBlock[]> {
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

/** The blocks of G that equal a block of H, where both networks agree. */
function mirrorBlock({row, column, values}: GramBlock): GramBlock[] {
  const block: GramBlock = {to: 'crossGram', row, column, values};
  return row === column
    ? [block]
    : [block, {to: 'crossGram', row: column, column: row, values: transpose(values, [0, 2, 1])}];
}
