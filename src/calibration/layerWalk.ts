import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {BatchSource} from '../data/batchSource.ts';
import type {NetworkPair} from '../model/networkPair.ts';
import type {TaskRunner} from '../numerics/task.ts';
import {Activations, type CallInputs, lastUsesOf} from './activations.ts';

/** The networks and the data of a walk. */
export interface WalkOptions {
  readonly networks: NetworkPair;
  /** The model that the calibration data is checked against. */
  readonly model: LayersModel;
  readonly source: BatchSource;
  /** Bytes that live activations may take between layers. */
  readonly memory: number;
  readonly seed: number;
  /** Has a checkpoint after small pieces of work: it yields to the event loop, and throws if the run was cancelled. */
  readonly runner: TaskRunner;
}

/** A stop of the walk: it collects the inputs of a layer over all batches, then rewrites the layer. */
export interface WalkVisitor {
  /** Indices of the calls of its layer, ascending. */
  readonly calls: readonly number[];
  /** Begins a pass over the batches. */
  open(walk: Pick<WalkOptions, 'networks' | 'source' | 'seed' | 'runner'>): VisitorPass;
}

/** The pass of a visitor over the batches: opened, given every batch, finished, and disposed of. */
export interface VisitorPass {
  /**
   * Adds the inputs of one call for one batch.
   * @param original the inputs of the layer in the original network
   * @param shadow its inputs in the shadow; the same object if the networks agree
   * @param offset the number of samples before this batch
   */
  add(original: CallInputs, shadow: CallInputs, offset: number): Promise<void>;
  /** Rewrites the layer of the shadow, after all batches were added. */
  finish(): Promise<void>;
  dispose(): void;
}

/**
 * Runs the visitors in order. Both networks advance together over the calibration batches, so that a visitor sees two
 * inputs of its layer: X of the original network, and X̃ of the shadow, in which every layer before it is rewritten.
 * For each visitor:
 *
 * 1. `open`: the visitor begins a pass.
 * 2. Every batch runs from its checkpoint to the calls of the visitor. Its activations just before the first call
 *    become its new checkpoint, and the pass gets the inputs of each call by `add`.
 * 3. `finish`: the statistics are complete. Here control climbs back from `calibration` into the stage, which
 *    compresses the layer and rewrites it in the shadow.
 * 4. The next visitor continues from the checkpoints, with the rewritten layer.
 *
 * ```
 * visitor 1   open ─ add(batch 0) ─ add(batch 1) ─ … ─ finish: rewrite ─┐
 *                    │              │                                   │
 *                    checkpoints before its first call                  │
 *             ┌──────│──────────────│───────────────────────────────────┘
 *             │      ▼              ▼
 * visitor 2   open ─ add(batch 0) ─ add(batch 1) ─ … ─ finish: rewrite ─ …
 * ```
 *
 * With checkpoints for all batches a walk over L layers runs each of them once. Batches whose activations do not fit
 * into `memory` keep their last checkpoint that did, or start from the data again.
 * @param visitors by first call, ascending
 */
export async function walkLayers(visitors: readonly WalkVisitor[], options: WalkOptions): Promise<void> {
  const walk = new LayerWalk(options);
  try {
    for (const visitor of visitors) await walk.run(visitor);
  } finally {
    walk.dispose();
  }
}

interface Batch {
  readonly index: number;
  /** Samples before this batch. */
  readonly offset: number;
  readonly activations: Activations;
}

/** The checkpoints of a walk, and the batches that start from them ({@link walkLayers}). */
class LayerWalk {
  /** By batch: the activations at the last point that fitted into memory. */
  private readonly checkpoints = new Map<number, Activations>();
  /** By batch: the number of samples before it. Complete after the source was read once. */
  private readonly offsets: number[] = [];
  private isRead = false;
  /** Bytes of all checkpoints. */
  private held = 0;
  private readonly lastUses: number[];

  constructor(private readonly options: WalkOptions) {
    this.lastUses = lastUsesOf(options.networks.original);
  }

  dispose(): void {
    this.checkpoints.forEach((activations) => {
      activations.dispose();
    });
    this.checkpoints.clear();
  }

  async run(visitor: WalkVisitor): Promise<void> {
    const pass = visitor.open(this.options);
    try {
      for await (const batch of this.batches()) await this.collectBatch(visitor, pass, batch);
      await pass.finish();
    } finally {
      pass.dispose();
    }
  }

  /** Runs the batch to each call of the visitor. Before the first call its activations become its new checkpoint. */
  private async collectBatch(
    {calls}: WalkVisitor,
    pass: VisitorPass,
    {index, offset, activations}: Batch,
  ): Promise<void> {
    try {
      await this.options.runner.checkpoint();
      for (const [k, call] of calls.entries()) {
        activations.advance(call);
        if (k === 0) this.remember(index, activations);
        await this.options.runner.checkpoint();
        const {original, shadow} = activations.inputsOf(call);
        await pass.add(original, shadow, offset);
      }
    } finally {
      activations.dispose();
    }
  }

  private remember(index: number, activations: Activations): void {
    const before = this.checkpoints.get(index);
    const held = this.held - (before?.bytes ?? 0) + activations.bytes;
    if (held > this.options.memory) return;
    before?.dispose();
    this.checkpoints.set(index, activations.fork());
    this.held = held;
  }

  /** All batches, from their checkpoints or else from the source. They belong to the caller. */
  private async *batches(): AsyncIterable<Batch> {
    if (this.isRead && this.checkpoints.size === this.offsets.length) {
      for (const [index, offset] of this.offsets.entries())
        yield {index, offset, activations: this.start(index, undefined)};
      return;
    }
    let index = 0;
    let offset = 0;
    for await (const inputs of this.options.source.read(this.options.model)) {
      const count = inputs[0].shape[0];
      this.offsets[index] = offset;
      yield {index, offset, activations: this.start(index, inputs)};
      index++;
      offset += count;
    }
    this.isRead = true;
  }

  private start(index: number, inputs: Tensor[] | undefined): Activations {
    const checkpoint = this.checkpoints.get(index);
    if (checkpoint) {
      if (inputs) dispose(inputs);
      return checkpoint.fork();
    }
    if (!inputs) throw new Error(`layer walk: batch ${index} has neither a checkpoint nor inputs`);
    return Activations.ofInputs(this.options.networks, this.lastUses, inputs);
  }
}
