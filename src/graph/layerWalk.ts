import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {BatchSource} from '../types.ts';
import {Activations, lastUsesOf} from './activations.ts';
import {RowPlan} from './rowPlan.ts';
import type {Shadow} from './shadow.ts';
import {type LayerSite, rowWidth} from './sites.ts';
import {type ProblemStatistics, SiteStatistics} from './siteStatistics.ts';
import type {LayersModel} from '@tensorflow/tfjs-layers';

/** What a walk needs. */
export interface WalkOptions {
  readonly shadow: Shadow;
  /** The model that the calibration data is checked against. */
  readonly model: LayersModel;
  readonly source: BatchSource;
  /** Bytes that live activations may take between layers. */
  readonly memory: number;
  readonly seed: number;
  /** Awaited between batches: lets the host breathe, and throws if the run was cancelled. */
  readonly pause: () => Promise<void>;
}

/**
 * Visits layers in order. Both networks advance together over the calibration batches: each layer's statistics see the inputs
 * that the original network gives it, and those that the layers compressed before it leave it.
 *
 * Live activations are kept between layers, so that a walk over L layers runs each of them once. Batches whose
 * activations do not fit into `memory` start again from the last point that did.
 * @param visit compresses the layer and writes the copy
 */
export async function walkLayers(
  sites: readonly LayerSite[],
  options: WalkOptions,
  visit: (site: LayerSite, statistics: ProblemStatistics[]) => Promise<void>,
): Promise<void> {
  const walk = new LayerWalk(options);
  try {
    for (const site of sites) await visit(site, await walk.collect(site));
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
    this.lastUses = lastUsesOf(options.shadow.original);
  }

  dispose(): void {
    this.checkpoints.forEach((activations) => { activations.dispose(); });
    this.checkpoints.clear();
  }

  async collect(site: LayerSite): Promise<ProblemStatistics[]> {
    const statistics = new SiteStatistics(site, this.planFor(site));
    try {
      for await (const batch of this.batches()) {
        await this.collectBatch(site, statistics, batch);
      }
      return await statistics.take();
    } finally {
      statistics.dispose();
    }
  }

  private planFor(site: LayerSite): RowPlan {
    const {source, seed} = this.options;
    const {number, calls} = site;
    const rowsPerSample = Math.max(1, Math.floor(source.rows / (source.samples * calls.length)));
    return new RowPlan(seed, number, rowsPerSample, rowWidth(site) * calls.length);
  }

  /** Runs the batch to each call of the site. The point before the first call becomes the batch's new checkpoint. */
  private async collectBatch(site: LayerSite, statistics: SiteStatistics, {index, offset, activations}: Batch): Promise<void> {
    try {
      await this.options.pause();
      for (const [k, call] of site.calls.entries()) {
        activations.advance(call);
        if (k === 0) this.remember(index, activations);
        const [input] = this.options.shadow.original.calls[call].inputs;
        await statistics.add(activations.inOriginal(input), activations.inShadow(input), offset);
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
      for (const [index, offset] of this.offsets.entries()) yield {index, offset, activations: this.start(index, undefined)};
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
    return Activations.ofInputs(this.options.shadow, this.lastUses, inputs);
  }
}
