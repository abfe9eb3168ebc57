import type {Tensor} from '@tensorflow/tfjs-core';
import {uniformAt} from '../numerics/random.ts';

/** One row in 16 is held out. */
const HELD_OUT_EVERY = 16;
const MAX_HELD_OUT = 512;
const MAX_BOUND_ROWS = 256;
/** Limit of the numbers in all held-out rows of a layer, and likewise in its bound rows. */
const MAX_KEPT_NUMBERS = 2 ** 24;
/** Separates the random numbers of the positions from those of the paths. */
const POSITION_STREAM = 0x706f73;

/** Indices into the rows of a batch, by purpose. Bound rows are among the calibrated ones. */
export interface PlannedRows {
  readonly calibrated: Int32Array;
  readonly heldOut: Int32Array;
  readonly boundRows: Int32Array;
}

/**
 * Decides which rows of X a layer uses, and for what.
 *
 * A sample has a row for each position, and gives k of them: its positions are divided into k equal strata, and one is
 * drawn at random from each. Of the rows, in the order of the samples,
 *
 * - one in 16 is held out, up to 512, or fewer if rows are very wide: reported errors are measured on them;
 * - all others are calibrated: H and G are summed over them;
 * - one in 16, chosen among the calibrated ones, is also a bound row, up to 256: the bound is checked on them.
 *
 * All this depends only on (seed, layer, sample, k), not on how the data is divided into batches.
 */
export class RowPlan {
  private readonly maxHeldOut: number;
  private readonly maxBoundRows: number;

  /**
   * @param rowsPerSample the maximum number of rows per sample
   * @param width numbers per row, over all problems and calls of the layer
   */
  constructor(
    private readonly seed: number,
    private readonly layer: number,
    private readonly rowsPerSample: number,
    width: number,
  ) {
    const affordable = Math.max(1, Math.floor(MAX_KEPT_NUMBERS / width));
    this.maxHeldOut = Math.min(MAX_HELD_OUT, affordable);
    this.maxBoundRows = Math.min(MAX_BOUND_ROWS, affordable);
  }

  /** The rows of samples `offset … offset + count − 1`, which have `positions` rows each. */
  plan(offset: number, count: number, positions: number): PlannedRows {
    const rows: {calibrated: number[]; heldOut: number[]; boundRows: number[]} = {
      calibrated: [],
      heldOut: [],
      boundRows: [],
    };
    const perSample = Math.min(positions, this.rowsPerSample);
    for (let sample = 0; sample < count; sample++) {
      for (let k = 0; k < perSample; k++) {
        const row = sample * positions + this.positionOf(offset + sample, k, positions, perSample);
        this.file(row, (offset + sample) * perSample + k, rows);
      }
    }
    return {
      calibrated: Int32Array.from(rows.calibrated),
      heldOut: Int32Array.from(rows.heldOut),
      boundRows: Int32Array.from(rows.boundRows),
    };
  }

  private positionOf(sample: number, k: number, positions: number, perSample: number): number {
    if (perSample === positions) return k;
    return Math.floor(((k + uniformAt(this.seed, this.layer, sample, k, POSITION_STREAM)) * positions) / perSample);
  }

  /** Decides by the number of the row alone, because batches may divide the samples in any way. */
  private file(
    row: number,
    number: number,
    rows: {calibrated: number[]; heldOut: number[]; boundRows: number[]},
  ): void {
    const before = Math.floor(number / HELD_OUT_EVERY);
    // Shifted by one each round: otherwise, if rows per sample divide 16, all held-out rows would be from the same
    // region of the image.
    const turn = (number + before) % HELD_OUT_EVERY;
    if (turn === HELD_OUT_EVERY - 1 && before < this.maxHeldOut) {
      rows.heldOut.push(row);
      return;
    }
    rows.calibrated.push(row);
    if (turn === 0 && before < this.maxBoundRows) rows.boundRows.push(row);
  }
}

/**
 * The planned rows whose time step is not masked.
 * @param mask `[batch, time]`
 * @param rowCount how many rows the batch has: a multiple of the time steps
 */
export async function unmaskedRows(planned: PlannedRows, mask: Tensor, rowCount: number): Promise<PlannedRows> {
  const kept = await mask.data();
  const unmasked = (rows: Int32Array): Int32Array =>
    rows.filter((row) => kept[Math.floor((row * kept.length) / rowCount)] !== 0);
  return {
    calibrated: unmasked(planned.calibrated),
    heldOut: unmasked(planned.heldOut),
    boundRows: unmasked(planned.boundRows),
  };
}
