import {add, concat, dispose, getBackend, keep, matMul, slice, sum, type Tensor, type Tensor2D, type Tensor3D, tidy, transpose} from '@tensorflow/tfjs-core';
import type {GramPair} from '../numerics/centering.ts';
import {matrix} from '../numerics/matrix.ts';

/** Rows multiplied at once: float32 sums this long keep seven digits, and the product is large enough to run at full speed. */
const CHUNK_ROWS = 1024;

/** What one chunk adds, or all of them: H, G and the two sums of rows, for every problem of a layer. */
type Sums<Values> = {
  readonly gram: Values;
  readonly crossGram: Values;
  readonly sum: Values;
  readonly shadowSum: Values;
};

/**
 * Accumulates H = X̃ᵀX̃ and G = X̃ᵀX over batches of rows, so that memory does not depend on their number.
 * Chunks are float32 products on the device. Their totals are float64 where reading back is cheap (cpu, wasm), else float32 on the device.
 * The same rows in the same order give the same statistics, whatever the batches were.
 */
export class GramStatistics {
  private readonly pending: Array<{shadow: Tensor3D; original: Tensor3D}> = [];
  private pendingRows = 0;
  private rows = 0;
  private totals: Sums<Float64Array> | undefined;
  private deviceTotals: Sums<Tensor> | undefined;
  private readonly readsBack = getBackend() === 'cpu' || getBackend() === 'wasm';

  /**
   * @param shadow X̃ `[problems, rows, features]`
   * @param original X, or the same tensor where both networks agree; both stay the caller's
   */
  async add(shadow: Tensor3D, original: Tensor3D): Promise<void> {
    const same = shadow === original;
    const mine = shadow.clone();
    this.pending.push({shadow: mine, original: same ? mine : original.clone()});
    this.pendingRows += shadow.shape[1];
    while (this.pendingRows >= CHUNK_ROWS) await this.flush(CHUNK_ROWS);
  }

  /**
   * The statistics of every problem. Ends the accumulation.
   * @throws RangeError if no row was added
   */
  async take(): Promise<GramPair[]> {
    if (this.pendingRows > 0) await this.flush(this.pendingRows);
    const totals = this.totals ?? (this.deviceTotals && await readSums(this.deviceTotals));
    if (!totals) throw new RangeError('GramStatistics: expected at least one row, got none');
    this.dispose();
    return splitProblems(totals, this.rows);
  }

  /** Frees what is pending or accumulated. */
  dispose(): void {
    for (const {shadow, original} of this.pending.splice(0)) dispose([shadow, original]);
    if (this.deviceTotals) dispose(Object.values(this.deviceTotals));
    this.deviceTotals = undefined;
    this.pendingRows = 0;
  }

  private async flush(rows: number): Promise<void> {
    const {shadow, original} = this.nextChunk(rows);
    try {
      const sums = tidy(() => sumsOf(shadow, original));
      this.rows += rows;
      await this.include(sums);
    } finally {
      dispose([shadow, original]);
    }
  }

  private async include(sums: Sums<Tensor>): Promise<void> {
    if (this.readsBack) {
      const values = await readSums(sums);
      dispose(Object.values(sums));
      this.totals = this.totals ? addInto(this.totals, values) : values;
    } else {
      const before = this.deviceTotals;
      this.deviceTotals = before ? addOnDevice(before, sums) : sums;
      if (before) dispose([...Object.values(before), ...Object.values(sums)]);
    }
  }

  /** The first `rows` pending rows as one pair of tensors; what is left over stays pending. */
  private nextChunk(rows: number): {shadow: Tensor3D; original: Tensor3D} {
    const shares = this.pending.every(({shadow, original}) => shadow === original);
    const taken = tidy(() => {
      const shadow = concat(this.pending.map((part) => part.shadow), 1);
      const original = shares ? shadow : concat(this.pending.map((part) => part.original), 1);
      const head = keep(rowsOf(shadow, 0, rows));
      const rest = rows < this.pendingRows ? keep(rowsOf(shadow, rows, this.pendingRows - rows)) : undefined;
      return {
        shadow: head,
        original: shares ? head : keep(rowsOf(original, 0, rows)),
        rest,
        originalRest: shares || !rest ? rest : keep(rowsOf(original, rows, this.pendingRows - rows)),
      };
    });
    for (const part of this.pending.splice(0)) dispose([part.shadow, part.original]);
    this.pendingRows -= rows;
    if (taken.rest && taken.originalRest) this.pending.push({shadow: taken.rest, original: taken.originalRest});
    return {shadow: taken.shadow, original: taken.original};
  }
}

function rowsOf(columns: Tensor3D, first: number, count: number): Tensor3D {
  return slice(columns, [0, first, 0], [columns.shape[0], count, columns.shape[2]]);
}

function sumsOf(shadow: Tensor3D, original: Tensor3D): Sums<Tensor> {
  const gram = gramOf(shadow, shadow);
  const shadowSum: Tensor2D = sum(shadow, 1);
  if (shadow === original) return {gram, crossGram: gram.clone(), sum: shadowSum.clone(), shadowSum};
  return {gram, crossGram: gramOf(shadow, original), sum: sum(original, 1), shadowSum};
}

/** With an explicit transpose: wasm's own `transposeA` is eight times slower. */
function gramOf(left: Tensor3D, right: Tensor3D): Tensor {
  return matMul(transpose(left, [0, 2, 1]), right);
}

async function readSums(sums: Sums<Tensor>): Promise<Sums<Float64Array>> {
  const [gram, crossGram, total, shadowSum] = await Promise.all([sums.gram, sums.crossGram, sums.sum, sums.shadowSum]
    .map(async (tensor) => Float64Array.from(await tensor.data())));
  return {gram, crossGram, sum: total, shadowSum};
}

function addInto(totals: Sums<Float64Array>, more: Sums<Float64Array>): Sums<Float64Array> {
  for (const key of ['gram', 'crossGram', 'sum', 'shadowSum'] as const) {
    const into = totals[key];
    const from = more[key];
    for (let i = 0; i < into.length; i++) into[i] += from[i];
  }
  return totals;
}

function addOnDevice(totals: Sums<Tensor>, more: Sums<Tensor>): Sums<Tensor> {
  return {
    gram: add(totals.gram, more.gram),
    crossGram: add(totals.crossGram, more.crossGram),
    sum: add(totals.sum, more.sum),
    shadowSum: add(totals.shadowSum, more.shadowSum),
  };
}

function splitProblems(totals: Sums<Float64Array>, rows: number): GramPair[] {
  const features = totals.gram.length / totals.sum.length;
  const problems = totals.sum.length / features;
  const part = (values: Float64Array, p: number, size: number) => values.slice(p * size, (p + 1) * size);
  return Array.from({length: problems}, (_, p) => ({
    gram: matrix(features, features, part(totals.gram, p, features * features)),
    crossGram: matrix(features, features, part(totals.crossGram, p, features * features)),
    mean: part(totals.sum, p, features).map((entry) => entry / rows),
    shadowMean: part(totals.shadowSum, p, features).map((entry) => entry / rows),
    rows,
  }));
}

