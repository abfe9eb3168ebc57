import type {Tensor} from '@tensorflow/tfjs-core';
import {matrix} from '../numerics/linalg/matrix.ts';
import type {TaskRunner} from '../numerics/task.ts';
import type {CallInputs} from './activations.ts';
import type {ProblemStatistics, RowPair} from './problemStatistics.ts';
import {RowPlan, unmaskedRows} from './rowSampling.ts';
import {type CompressionTarget, kernelWeight} from './targets.ts';

/**
 * Counts how often the rows of a kernel are looked up. X is one-hot, so that XᵀX is the diagonal matrix of the counts,
 * and X itself is never made. Counting is cheap, so that all positions of all samples are counted.
 *
 * H = G = XᵀX + I, by Laplace's rule: the next token is row t with a probability proportional to count_t + 1. Rows that
 * were never looked up thus have weight 1, and if no row was, steps are those of plain least squares. Both networks are
 * assumed to look up the same rows.
 */
export class EmbeddingStatistics {
  private readonly features: number;
  private readonly counts: Float64Array;
  private readonly plan: RowPlan;
  /** Indices of rows of the kernel, in the order of the data. */
  private readonly heldOut: number[] = [];
  private readonly boundRows: number[] = [];
  private total = 0;

  /** @param runner has a checkpoint after each problem */
  constructor(
    private readonly target: CompressionTarget,
    seed: number,
    private readonly runner: TaskRunner,
  ) {
    const {kernel, originalLayer} = target;
    const {shape, size} = kernelWeight(originalLayer, kernel);
    this.features = kernel.features(shape);
    this.counts = new Float64Array(size / kernel.neurons(shape));
    this.plan = new RowPlan(seed, target.number, Infinity, this.features * target.calls.length);
  }

  async add({tensors, mask}: CallInputs, _shadow: CallInputs, offset: number): Promise<void> {
    const {kernel, originalLayer} = this.target;
    const [{shape}] = tensors;
    const positions = kernel.positions(originalLayer, shape);
    const planned = this.plan.plan(offset, shape[0], positions);
    const rows = mask ? await unmaskedRows(planned, mask, shape[0] * positions) : planned;
    const lookedUp = await this.readRowIndices(tensors);
    const used = (indices: Int32Array): Int32Array => indices.map((index) => lookedUp[index]).filter((row) => row >= 0);
    for (const row of used(rows.calibrated)) {
      this.counts[row]++;
      this.total++;
    }
    this.heldOut.push(...used(rows.heldOut));
    this.boundRows.push(...used(rows.boundRows));
  }

  private async readRowIndices(tensors: readonly Tensor[]): Promise<Int32Array> {
    const {kernel, originalLayer} = this.target;
    const input = kernel.kernelInput(originalLayer, tensors);
    try {
      return (await kernel.rowIndices?.(originalLayer, input)) ?? new Int32Array(0);
    } finally {
      input.dispose();
    }
  }

  /** The statistics, by problem. */
  async take(): Promise<ProblemStatistics[]> {
    const problems: ProblemStatistics[] = [];
    for (let first = 0; first < this.counts.length; first += this.features) {
      problems.push(this.problemFrom(first));
      await this.runner.checkpoint();
    }
    return problems;
  }

  private problemFrom(first: number): ProblemStatistics {
    const {features, total} = this;
    const counts = this.counts.slice(first, first + features);
    const gram = matrix(features, features);
    counts.forEach((count, t) => {
      gram.data[t * features + t] = count + 1;
    });
    const mean = new Float64Array(features);
    mean.set(counts.map((count) => count / Math.max(1, total)));
    return {
      gram,
      crossGram: gram,
      mean,
      shadowMean: mean,
      rows: total,
      heldOut: this.rowsIn(first, this.heldOut),
      boundRows: this.rowsIn(first, this.boundRows),
      lookups: {
        unseen: counts.filter((count) => count === 0).length,
        padding: features - counts.length,
        heldOut: this.heldOut.length,
      },
    };
  }

  /** The rows of X in a problem, without those that are 0 there. */
  private rowsIn(first: number, lookedUp: readonly number[]): RowPair {
    const own = lookedUp.filter((row) => row >= first && row < first + this.features);
    const rows = matrix(own.length, this.features);
    own.forEach((row, i) => {
      rows.data[i * this.features + row - first] = 1;
    });
    return {original: rows, shadow: rows};
  }

  dispose(): void {
    // Counts are plain memory.
  }
}
