import {dispose, type Tensor, type Tensor3D} from '@tensorflow/tfjs-core';
import {concatenate} from '../numerics/concatenate.ts';
import {blocksOf} from '../numerics/linalg/blocks.ts';
import {type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import type {TaskRunner} from '../numerics/task.ts';
import {GramStatistics} from '../ops/gramStatistics.ts';
import type {CallInputs} from './activations.ts';
import {EmbeddingStatistics} from './embeddingStatistics.ts';
import type {WalkVisitor} from './layerWalk.ts';
import type {ProblemStatistics, RowPair} from './problemStatistics.ts';
import {RowPlan, unmaskedRows} from './rowSampling.ts';
import {type CompressionTarget, rowWidth} from './targets.ts';

/** Enough rows to outweigh padding the images again for each block. */
const MAX_ROWS_AT_ONCE = 2048;
/** 16 MiB as float32. */
const MAX_NUMBERS_AT_ONCE = 2 ** 22;

/** The number of rows of X that are made at once. */
export function rowsAtOnce(target: Pick<CompressionTarget, 'originalLayer' | 'kernel'>): number {
  return Math.min(MAX_ROWS_AT_ONCE, Math.max(1, Math.floor(MAX_NUMBERS_AT_ONCE / rowWidth(target))));
}

/** The maximum number of rows per sample and call of a target, so that all samples together give about `rows`. */
export function rowsPerSample(
  {calls}: CompressionTarget,
  {samples, rows}: {readonly samples: number; readonly rows: number},
): number {
  return Math.max(1, Math.floor(rows / (samples * calls.length)));
}

/** The inputs of a kernel in both networks; the same tensor twice while they agree. */
interface KernelInputs {
  readonly original: Tensor;
  readonly shadow: Tensor;
}

type UseColumns = (original: Tensor3D, shadow: Tensor3D) => Promise<void>;

/** A target as a visitor of the walk. `visit` receives the statistics of its problems, and rewrites its layer. */
export function targetVisitor(
  target: CompressionTarget,
  visit: (statistics: ProblemStatistics[]) => Promise<void>,
): WalkVisitor {
  return {
    calls: target.calls,
    open({networks: {hasChanged}, source, seed, runner}) {
      const plan = new RowPlan(
        seed,
        target.number,
        rowsPerSample(target, source),
        rowWidth(target) * target.calls.length,
      );
      const statistics = target.kernel.rowIndices
        ? new EmbeddingStatistics(target, seed, runner)
        : new TargetStatistics(target, plan, {runner, differs: hasChanged(target.shadowLayer)});
      return {
        add: (original, shadow, offset) => statistics.add(original, shadow, offset),
        finish: async () => {
          await visit(await statistics.take());
        },
        dispose: () => {
          statistics.dispose();
        },
      };
    },
  };
}

/** The run around the statistics. */
interface StatisticsContext {
  readonly runner: TaskRunner;
  /** Whether the shadow layer differs from the original, because an earlier kernel of the layer was rewritten. */
  readonly differs: boolean;
}

/**
 * Collects the statistics of one kernel over the calibration batches: H = X̃ᵀX̃ and G = X̃ᵀX over the calibrated rows,
 * and the held-out and bound rows themselves.
 */
class TargetStatistics {
  private readonly grams: GramStatistics;
  private readonly heldOut = new KeptRows();
  private readonly boundRows = new KeptRows();

  private readonly rowsAtOnce: number;

  constructor(
    private readonly target: CompressionTarget,
    private readonly plan: RowPlan,
    private readonly context: StatisticsContext,
  ) {
    this.grams = new GramStatistics(context.runner);
    this.rowsAtOnce = rowsAtOnce(target);
  }

  async add(original: CallInputs, shadow: CallInputs, offset: number): Promise<void> {
    const {kernel, shadowLayer} = this.target;
    const [{shape}] = original.tensors;
    const positions = kernel.positions(shadowLayer, shape);
    const planned = this.plan.plan(offset, shape[0], positions);
    const rows = original.mask ? await unmaskedRows(planned, original.mask, shape[0] * positions) : planned;
    const input = this.kernelInputs(original, shadow);
    try {
      await this.withColumns(input, rows.calibrated, (own, shadowed) => this.grams.add(shadowed, own));
      await this.withColumns(input, rows.heldOut, (own, shadowed) => this.heldOut.add(own, shadowed));
      await this.withColumns(input, rows.boundRows, (own, shadowed) => this.boundRows.add(own, shadowed));
    } finally {
      dispose([input.original, input.shadow]);
    }
  }

  private kernelInputs(original: CallInputs, shadow: CallInputs): KernelInputs {
    const {kernel, shadowLayer, originalLayer: own} = this.target;
    const input = kernel.kernelInput(own, original.tensors, original.inheritedMask);
    return {
      original: input,
      shadow:
        original === shadow && !this.context.differs
          ? input
          : kernel.kernelInput(shadowLayer, shadow.tensors, shadow.inheritedMask),
    };
  }

  /** The statistics, by problem. Ends the collection. */
  async take(): Promise<ProblemStatistics[]> {
    const grams = await this.grams.take();
    return grams.map((pair, p) => ({
      ...pair,
      heldOut: this.heldOut.rowsOf(p, pair.gram.rows),
      boundRows: this.boundRows.rowsOf(p, pair.gram.rows),
    }));
  }

  dispose(): void {
    this.grams.dispose();
  }

  /** Makes the columns in blocks of rows: all windows of a batch of images can be a hundred times larger than these. */
  private async withColumns(input: KernelInputs, rows: Int32Array, use: UseColumns): Promise<void> {
    for (const {first, last} of blocksOf(rows.length, this.rowsAtOnce))
      await this.withSomeColumns(input, rows.subarray(first, last), use);
  }

  private async withSomeColumns({original, shadow}: KernelInputs, rows: Int32Array, use: UseColumns): Promise<void> {
    const {kernel, shadowLayer} = this.target;
    const own = kernel.columns(shadowLayer, original, rows);
    const shadowed = shadow === original ? own : kernel.columns(shadowLayer, shadow, rows);
    try {
      await use(own, shadowed);
    } finally {
      dispose([own, shadowed]);
    }
  }
}

/** Rows of all problems, in plain memory. */
class KeptRows {
  private readonly parts: Array<{rows: number; original: Float32Array; shadow: Float32Array}> = [];

  async add(original: Tensor3D, shadow: Tensor3D): Promise<void> {
    const [own, shadowed] = await Promise.all([original.data<'float32'>(), shadow.data<'float32'>()]);
    this.parts.push({rows: original.shape[1], original: own, shadow: shadowed});
  }

  rowsOf(problem: number, features: number): RowPair {
    return {original: this.gather(problem, features, 'original'), shadow: this.gather(problem, features, 'shadow')};
  }

  private gather(problem: number, features: number, network: 'original' | 'shadow'): Matrix {
    const rows = this.parts.reduce((sum, part) => sum + part.rows, 0);
    const values = this.parts.map((part) => {
      const size = part.rows * features;
      return part[network].subarray(problem * size, (problem + 1) * size);
    });
    return matrix(rows, features, concatenate(values, Float64Array));
  }
}
