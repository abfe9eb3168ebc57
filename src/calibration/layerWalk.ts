import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {BatchSource} from '../data/batchSource.ts';
import type {NetworkPair} from '../model/networkPair.ts';
import type {TaskRunner} from '../numerics/task.ts';
import {Activations, type CallInputs, lastUsesOf} from './activations.ts';

/** What a walk needs. */
export interface WalkOptions {
  readonly networks: NetworkPair;
  /** The model that the calibration data is checked against. */
  readonly model: LayersModel;
  readonly source: BatchSource;
  /** Bytes that live activations may take between layers. */
  readonly memory: number;
  readonly seed: number;
  /** Awaited between small pieces of work: lets the host breathe, and throws if the run was cancelled. */
  readonly runner: TaskRunner;
}

/** A place where a walk stops: a layer whose inputs are looked at over all batches, before the layer is rewritten. */
export interface WalkVisitor {
  /** Numbers of the calls of its layer, ascending. */
  readonly calls: readonly number[];
  /** Begins to collect. */
  open(walk: Pick<WalkOptions, 'networks' | 'source' | 'seed' | 'runner'>): VisitorPass;
}

/** What a visitor collects. */
export interface VisitorPass {
  /**
   * @param original what the layer is called with in the original network, and
   * @param shadow in the compressed-so-far one; the same where they agree
   * @param offset how many samples came before this batch
   */
  add(original: CallInputs, shadow: CallInputs, offset: number): Promise<void>;
  /** All batches are in: rewrites the layer of the copy. */
  finish(): Promise<void>;
  dispose(): void;
}

/**
 * Runs the visitors in order. Both networks advance together over the calibration batches: each layer's statistics see the inputs
 * that the original network gives it, and those that the layers compressed before it leave it.
 *
 * Live activations are kept between layers, so that a walk over L layers runs each of them once. Batches whose
 * activations do not fit into `memory` start again from the last point that did.
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

class LayerWalk {
  /** By batch: the activations at the last point that fitted. */
  private readonly checkpoints = new Map<number, Activations>();
  /** By batch: the number of samples before it. Complete once the source was read. */
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

  /** Runs the batch to each call of the visitor. The point before the first call becomes the batch's new checkpoint. */
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

  /** All batches from their checkpoints; those without one from the source. Each belongs to the reader. */
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
