import type {layers} from '@tensorflow/tfjs-layers';
import {lastUsesOf} from '../../calibration/activations.ts';
import {type CompressionTarget, kernelWeight, rowWidth} from '../../calibration/targets.ts';
import {rowsAtOnce, rowsPerSample} from '../../calibration/targetStatistics.ts';
import {adapterFor} from '../../layers/registry.ts';
import type {CallList} from '../../model/callList.ts';
import type {ValueShapes} from '../../model/valueShapes.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import {gramTensorBytes} from '../../ops/gramBytes.ts';

/** A layer walk that was not started yet. */
export interface PlannedWalk {
  readonly calls: CallList;
  readonly shapes: ValueShapes;
  /** In the order of the walk. */
  readonly targets: readonly CompressionTarget[];
  readonly samples: number;
  readonly batchSize: number;
  readonly rows: number;
  /** Bytes that live activations may take between layers. */
  readonly memory: number;
  /** Whether an earlier stage changed the weights, so that the two networks differ from their first layer on. */
  readonly startsChanged: boolean;
}

/** The memory of a walk while it visits a layer. */
export interface TargetMemory {
  /** Bytes of the checkpointed activations of all batches. */
  readonly activations: number;
  /** Bytes of all tensors at the widest moment: the checkpoints, the running batch, and its statistics. */
  readonly tensors: number;
}

const BYTES = 4;
/** While a layer runs, its output exists twice: before and after bias and activation. */
const OUTPUT_COPIES = 2;
/** While columns are made, the input of the kernel exists three times: cast, padded, and flattened. */
const INPUT_COPIES = 3;
/** While columns are made, those of one network exist three times: gathered, reshaped, and expanded. */
const COLUMN_COPIES = 3;

/**
 * The memory of a walk at each of its targets: {@link walkLayers} simulated batch by batch, with sizes in place of
 * tensors. Weights are not counted.
 */
export function walkMemory(plan: PlannedWalk): TargetMemory[] {
  const walk = new WalkSimulation(plan);
  return plan.targets.map((target, k) =>
    walk.visit(target, new Set(plan.targets.slice(0, k).map(({originalLayer}) => originalLayer))),
  );
}

/** Consecutive batches with equal checkpoints: simulated together, because there may be very many batches. */
interface BatchRun {
  readonly batches: number;
  /** The call before which their checkpoints lie; 0 without checkpoints. */
  readonly start: number;
  /** Bytes of the checkpoint of one batch. */
  readonly kept: number;
}

/** By value: its bytes for one sample in both networks. */
type Bytes = readonly number[];

class WalkSimulation {
  private batchRuns: readonly BatchRun[];
  private held = 0;
  /** By call: the values that are released after it. */
  private readonly released: number[][];
  private readonly madeBy: number[];

  constructor(private readonly plan: PlannedWalk) {
    const {
      calls: {calls},
      shapes,
      samples,
      batchSize,
    } = plan;
    this.batchRuns = [{batches: Math.ceil(samples / batchSize), start: 0, kept: 0}];
    this.madeBy = shapes.map(() => -1);
    calls.forEach(({outputs}, call) => {
      outputs.forEach((value) => {
        this.madeBy[value] = call;
      });
    });
    this.released = calls.map(() => []);
    // A value without consumers is released after the call that makes it.
    lastUsesOf(plan.calls).forEach((last, value) => {
      this.released[Math.max(last, this.madeBy[value], 0)].push(value);
    });
  }

  visit(target: CompressionTarget, changed: ReadonlySet<layers.Layer>): TargetMemory {
    const bytes = this.bytesOf(changed);
    const {
      calls: {calls},
      shapes,
      startsChanged,
    } = this.plan;
    // The input of a kernel inside a layer depends on the earlier kernels of that layer.
    const makesOther =
      target.kernel.kernelInputSize !== undefined && (startsChanged || changed.has(target.originalLayer));
    const differs = (call: number): boolean =>
      makesOther || calls[call].inputs.some((value) => bytes[value] > BYTES * sizeOf(shapes[value]));
    const [first, last] = [target.calls[0], target.calls[target.calls.length - 1]];
    const size = Math.min(this.plan.batchSize, this.plan.samples);
    const collected =
      size * this.widest(first, last, bytes) +
      Math.max(...target.calls.map((call) => this.columnBytes(target, call, differs(call))));
    const live = size * this.liveAt(first, bytes);
    let max = 0;
    this.batchRuns = this.batchRuns.flatMap(({batches, start, kept}) => {
      const growth = live - kept;
      const moved = this.fitting(batches, growth);
      const running = size * this.widest(start, first, bytes);
      // The peak comes while the last checkpoint is still to be made if checkpoints grow, while the first is if they
      // shrink; likewise for the statistics of the batch after its checkpoint is made.
      max = Math.max(
        max,
        this.held + Math.max(0, growth) * Math.min(moved, batches - 1) + running,
        this.held + growth * (growth > 0 ? moved : 1) + collected,
      );
      this.held += growth * moved;
      return [
        {batches: moved, start: first, kept: live},
        {batches: batches - moved, start, kept},
      ].filter((part) => part.batches > 0);
    });
    return {activations: this.held, tensors: max};
  }

  /** The number of batches whose checkpoints can grow within the memory limit. */
  private fitting(batches: number, growth: number): number {
    return growth > 0 ? Math.min(batches, Math.floor((this.plan.memory - this.held) / growth)) : batches;
  }

  private bytesOf(changed: ReadonlySet<layers.Layer>): Bytes {
    const {
      calls: {calls},
      shapes,
      startsChanged,
    } = this.plan;
    const differs = shapes.map(() => false);
    for (const {layer, inputs, outputs} of calls) {
      const diverged = startsChanged || changed.has(layer) || inputs.some((value) => differs[value]);
      outputs.forEach((value) => {
        differs[value] = diverged;
      });
    }
    return shapes.map((shape, value) => BYTES * sizeOf(shape) * (differs[value] ? 2 : 1));
  }

  /** Bytes, for one sample, of the values that are live just before a call. */
  private liveAt(call: number, bytes: Bytes): number {
    return this.released
      .slice(call)
      .flat()
      .filter((value) => this.madeBy[value] < call)
      .reduce((sum, value) => sum + bytes[value], 0);
  }

  /**
   * Bytes, for one sample, at the widest moment of running the calls from `start` up to, but not including, `end`.
   * Values live at the start count in addition to the checkpoint, because tfjs counts clones as tensors of their own.
   */
  private widest(start: number, end: number, bytes: Bytes): number {
    const {
      calls: {calls},
    } = this.plan;
    let left = this.liveAt(start, bytes);
    let widest = left;
    for (let call = start; call < end; call++) {
      const made = calls[call].outputs.reduce((sum, value) => sum + bytes[value], 0);
      widest = Math.max(widest, left + OUTPUT_COPIES * made, left + made + BYTES * this.scratchOf(call));
      left += made;
      for (const value of this.released[call]) left -= bytes[value];
    }
    return Math.max(widest, left);
  }

  private scratchOf(call: number): number {
    const {
      layer,
      inputs: [input],
    } = this.plan.calls.calls[call];
    return adapterFor(layer)?.scratch?.(layer, this.plan.shapes[input]) ?? 0;
  }

  /**
   * Bytes of the tensors for the statistics of a batch: the input of the kernel, unless it is an input of the layer;
   * then the columns while they are made of padded inputs, or their products.
   */
  private columnBytes(target: CompressionTarget, call: number, differs: boolean): number {
    const {
      calls: {calls},
      shapes,
      batchSize,
      samples,
    } = this.plan;
    const [input] = calls[call].inputs;
    const {kernel, originalLayer} = target;
    if (kernel.rowIndices) return 0;
    const size = Math.min(batchSize, samples);
    const networks = differs ? 2 : 1;
    const sizes = kernel.kernelInputSize?.(originalLayer, shapes[input]);
    const perSample = Math.min(kernel.positions(originalLayer, shapes[input]), rowsPerSample(target, this.plan));
    const rows = Math.min(rowsAtOnce(target), size * perSample);
    const matrixCount = kernel.matrixCount(kernelWeight(originalLayer, kernel).shape);
    const columns =
      BYTES *
      (INPUT_COPIES * size * (sizes?.result ?? sizeOf(shapes[input])) +
        (COLUMN_COPIES + networks - 1) * rows * rowWidth(target));
    const grams = gramTensorBytes({
      problems: matrixCount,
      features: rowWidth(target) / matrixCount,
      rows,
      total: samples * perSample,
      networks,
    });
    return BYTES * size * networks * (sizes?.result ?? 0) + Math.max(columns, grams, BYTES * size * (sizes?.peak ?? 0));
  }
}
