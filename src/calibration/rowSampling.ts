import type {Tensor} from '@tensorflow/tfjs-core';
import {uniformAt} from '../numerics/random.ts';

/** Rows held out for reporting errors, and rows among the calibrated ones on which the bound is looked at. */
const HELD_OUT_EVERY = 16;
const MAX_HELD_OUT = 512;
const MAX_BOUND_ROWS = 256;
/** No more numbers than this are kept of either kind. */
const MAX_KEPT_NUMBERS = 2 ** 24;
/** Sets the positions' random numbers apart from those of the paths. */
const POSITION_STREAM = 0x706f73;

/** Indices into a batch's rows, by what they are for. Bound rows are calibrated on as well. */
export interface PlannedRows {
  readonly calibrated: Int32Array;
  readonly heldOut: Int32Array;
  readonly boundRows: Int32Array;
}

/**
 * Decides which rows of X a layer takes: as many positions per sample as `rows` allows, one at random from each of so many
 * equal strata. A pure function of (seed, layer, sample), whatever the batches are.
 */
export class RowPlan {
  private readonly maxHeldOut: number;
  private readonly maxBoundRows: number;

  /**
   * @param rowsPerSample how many rows one sample may give
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

  /** By the number of the row alone: the samples before it may have come in any batches. */
  private file(
    row: number,
    number: number,
    rows: {calibrated: number[]; heldOut: number[]; boundRows: number[]},
  ): void {
    const before = Math.floor(number / HELD_OUT_EVERY);
    // One place further each time: if rows per sample divide 16, it would always be the same part of the image.
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
