import {add, dispose, getBackend, type Tensor3D} from '@tensorflow/tfjs-core';
import type {GramPair} from '../numerics/correction/centering.ts';
import {immediately, type TaskRunner} from '../numerics/task.ts';
import type {Piece} from './gramChunk.ts';
import {CHUNK_ROWS, chunkOf, gramBlocksOf, piecesOf} from './gramChunk.ts';
import type {GramBlock, Totals} from './gramTotals.ts';
import {addBlock, emptyTotals, statisticsOf} from './gramTotals.ts';

/**
 * Accumulates H = X̃ᵀX̃ and G = X̃ᵀX over batches of rows, so that memory does not depend on their number. Chunks are
 * float32 products on the device. Their totals are float64 where reading back is cheap (cpu, wasm), else float32 on the
 * device. The statistics depend on the rows and their order alone, not on how they were batched.
 */
export class GramStatistics {
  private readonly pending: Piece[] = [];
  private pendingRows = 0;
  private rows = 0;
  private totals: readonly Totals[] | undefined;
  private deviceTotals: GramBlock[] = [];
  private readonly readsBack = getBackend() === 'cpu' || getBackend() === 'wasm';

  /** @param runner its checkpoint is awaited between products */
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

  /** Multiplies the pending rows, at most a chunk, one product after the other, because each may take a while. */
  private async flush(): Promise<void> {
    const chunk = chunkOf(this.nextChunk());
    this.totals ??= emptyTotals(chunk.shadow[0].shape[0], chunk.features);
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

  /** The pieces of the next chunk, whole, because they were cut to fit. */
  private nextChunk(): Piece[] {
    const chunk: Piece[] = [];
    let rows = 0;
    while (this.pending.length > 0 && rows < CHUNK_ROWS) {
      const [piece] = this.pending.splice(0, 1);
      chunk.push(piece);
      rows += piece.shadow.shape[1];
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
