import type {Tensor} from '@tensorflow/tfjs-core';
import type {PlannedRows} from './rowSampling.ts';

/**
 * The rows of time steps that count.
 * @param mask `[batch, time]`
 * @param all how many rows the batch has
 */
export async function unmaskedRows(planned: PlannedRows, mask: Tensor, all: number): Promise<PlannedRows> {
  const counts = await mask.data();
  const counted = (rows: Int32Array): Int32Array =>
    rows.filter((row) => counts[Math.floor((row * counts.length) / all)] !== 0);
  return {
    calibrated: counted(planned.calibrated),
    heldOut: counted(planned.heldOut),
    boundRows: counted(planned.boundRows),
  };
}
