import type {layers} from '@tensorflow/tfjs-layers';
import {lastUsesOf} from '../../calibration/activations.ts';
import {type CompressionTarget, kernelWeight, rowWidth} from '../../calibration/targets.ts';
import {rowsAtOnce, rowsPerSample} from '../../calibration/targetStatistics.ts';
import {adapterFor} from '../../layers/registry.ts';
import type {CallList} from '../../model/callList.ts';
import {sizeOf, type ValueShapes} from '../../model/valueShapes.ts';
import {gramTensorBytes} from '../../ops/gramBytes.ts';

/** A layer walk before it is made. */
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
  /** Whether an earlier stage has changed the weights, so that the two networks differ from their first layer on. */
  readonly startsChanged: boolean;
}

/** What a walk holds while it visits a layer. */
export interface TargetMemory {
  /** Bytes of the activations that are kept of all batches. */
  readonly activations: number;
  /** Bytes of all tensors at the widest moment: kept activations, those of the batch that is running, and its statistics. */
  readonly tensors: number;
}

const BYTES = 4;
/** A layer's output, and beside it the product before its bias and activation. */
const WITH_SCRATCH = 2;

/** What a walk will hold at each of its targets: `walkLayers`, batch by batch, in numbers instead of tensors. Weights are not counted. */
export function walkMemory(plan: PlannedWalk): TargetMemory[] {
  const walk = new WalkSimulation(plan);
  return plan.targets.map((target, k) =>
    walk.visit(target, new Set(plan.targets.slice(0, k).map(({originalLayer}) => originalLayer))),
  );
}

/** Batches in a row of which the walk keeps the same: there may be too many to look at each. */
interface BatchRun {
  readonly batches: number;
  /** The call before which activations are kept, or 0 and nothing. */
  readonly start: number;
  /** Bytes of them, of one batch. */
  readonly kept: number;
}

/** By value: bytes of one sample of it in both networks. */
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
    // What nothing takes goes as soon as it is there.
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
    // What a layer makes for a kernel differs with its earlier kernels.
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
      // The most is held before the last of them is kept, or if they shrink before the first; and behind it alike.
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

  /** Of how many batches the walk keeps what it has come to: as long as all that it keeps fits. */
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

  /** Bytes of one sample of what is live just before a call. */
  private liveAt(call: number, bytes: Bytes): number {
    return this.released
      .slice(call)
      .flat()
      .filter((value) => this.madeBy[value] < call)
      .reduce((sum, value) => sum + bytes[value], 0);
  }

  /**
   * Bytes of one sample at the widest moment of running the calls from one on up to, not including, another. What is live at the start counts as well:
   * tfjs counts clones of what is kept as tensors of their own.
   */
  private widest(start: number, end: number, bytes: Bytes): number {
    const {
      calls: {calls},
    } = this.plan;
    let left = this.liveAt(start, bytes);
    let widest = left;
    for (let call = start; call < end; call++) {
      const made = calls[call].outputs.reduce((sum, value) => sum + bytes[value], 0);
      widest = Math.max(widest, left + WITH_SCRATCH * made, left + made + BYTES * this.scratchOf(call));
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

  /** Bytes of the tensors that a batch's statistics take: what the kernel meets, if that is no input; the columns as they are made out of padded inputs, then their products. */
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
    // Cast, padded, flattened; then gathered, reshaped, expanded, beside the columns of the other network.
    const columns =
      BYTES * (3 * size * (sizes?.result ?? sizeOf(shapes[input])) + (networks + 2) * rows * rowWidth(target));
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
