import type {FusedActivation} from '../../../src/ops/packed/packedOps.ts';
import type {OptionalBuffers} from './packedBuffers.ts';
import type {LetterForm} from './packedLetters.ts';

// The words of a product on the device:
//
// group    neighbouring features of a neuron that share a step
// cell     one group of one neuron, which has one step; in names of sums, one row and neuron of a tile
// run      the fewest codes of a neuron that fill whole words; what one pass of the inner loop decodes
// tile     rows × neurons of the result that one invocation computes
// block    the rows of a tile; columns are the tiles beside each other. Neuron c of a tile is column + c · columns, so
//          that neighbouring invocations read neighbouring words
// slice    a part of the runs. Where rows are few, the invocations of a workgroup share a tile, each with one slice,
//          and fold their sums into the first
// lane     one of the neighbouring columns of a workgroup with slices

/** What the text of a product depends on. */
export interface ProductForm extends OptionalBuffers {
  readonly letters: LetterForm;
  readonly activation: FusedActivation;
  /** Whether rows of the result are rows of x, or windows of images, each pixel of which is a whole number of runs. */
  readonly source: 'rows' | 'windows';
  /** Whether every run is full of codes, or the last run of a group may be broken off. */
  readonly runs: 'full' | 'broken';
  readonly tile: ProductTile;
}

/** What one invocation computes, and how many share its sums. */
export interface ProductTile {
  readonly rows: number;
  readonly neurons: number;
  /** Invocations of a workgroup that each sum over a part of the features. */
  readonly slices: number;
}

/** Columns of a workgroup whose invocations share sums: a warp reads each line of words whole. */
export const LANES = 32;

/** How many invocations a product of this many rows and neurons needs. */
export function productInvocations(rows: number, neurons: number, tile: ProductTile): number {
  const columns = Math.ceil(neurons / tile.neurons);
  return Math.ceil(rows / tile.rows) * (tile.slices > 1 ? Math.ceil(columns / LANES) * LANES * tile.slices : columns);
}

/** Whether a product reads x four numbers at a time; kept features among pruned ones are read one by one. */
export function readsVectors({zeros}: Pick<LetterForm, 'zeros'>): boolean {
  return typeof zeros !== 'object';
}
