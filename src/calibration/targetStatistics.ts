import {dispose, type Tensor, type Tensor3D} from '@tensorflow/tfjs-core';
import {blocksOf} from '../numerics/linalg/blocks.ts';
import type {GramPair} from '../numerics/correction/centering.ts';
import {type Matrix, matrix} from '../numerics/linalg/matrix.ts';
import {GramStatistics} from '../ops/gramStatistics.ts';
import type {CallInputs} from './activations.ts';
import {countedRows} from './countedRows.ts';
import type {Station} from './layerWalk.ts';
import {LookupStatistics} from './embeddingStatistics.ts';
import {RowPlan} from './rowSampling.ts';
import {type LayerSite, rowWidth} from './targets.ts';

/** Rows of X and X̃ side by side. */
export interface RowPair {
  readonly original: Matrix;
  readonly shadow: Matrix;
}

/** What calibration says of one problem of a layer. */
export interface ProblemStatistics extends GramPair {
  /** Rows that the statistics have not seen. Empty if there were too few samples to spare any. */
  readonly heldBack: RowPair;
  /** Some of the rows that they have seen. */
  readonly witnesses: RowPair;
  /** What else is to know of a kernel whose rows are looked up. */
  readonly lookups?: LookupCounts;
}

/** Of one problem of a kernel whose rows are looked up. */
export interface LookupCounts {
  /** Rows of the kernel that nobody looked up. */
  readonly unseen: number;
  /** Rows that only fill the problem up. */
  readonly padding: number;
  /** Rows of X that were held back, those that are 0 in this problem too: these are left out of `heldBack`. */
  readonly heldBack: number;
}

const MOST_ROWS_AT_ONCE = 2048;
const MOST_NUMBERS_AT_ONCE = 2 ** 22;

/** Rows of X that are made at once: enough to pay for padding the images again, and no more than 16 MiB. */
export function rowsAtOnce(site: Pick<LayerSite, 'original' | 'kernel'>): number {
  return Math.min(MOST_ROWS_AT_ONCE, Math.max(1, Math.floor(MOST_NUMBERS_AT_ONCE / rowWidth(site))));
}

/** How many rows a sample may give in each call of a site, so that all samples together give about `rows`. */
export function rowsPerSample({calls}: LayerSite, {samples, rows}: {readonly samples: number; readonly rows: number}): number {
  return Math.max(1, Math.floor(rows / (samples * calls.length)));
}

/** What the kernel meets in both networks; one tensor twice where they agree. */
interface MetTensors {
  readonly original: Tensor;
  readonly shadow: Tensor;
}

type UseColumns = (original: Tensor3D, shadow: Tensor3D) => Promise<void>;

/** A site as a station of the walk: `visit` gets the statistics of its problems, and rewrites its layer. */
export function siteStation(site: LayerSite, visit: (statistics: ProblemStatistics[]) => Promise<void>): Station {
  return {
    calls: site.calls,
    open({shadow: {hasChanged}, source, seed, pause}) {
      const plan = new RowPlan(seed, site.number, rowsPerSample(site, source), rowWidth(site) * site.calls.length);
      const statistics = site.kernel.looksUp ? new LookupStatistics(site, seed, pause) : new SiteStatistics(site, plan, {pause, differs: hasChanged(site.layer)});
      return {
        add: (original, shadow, offset) => statistics.add(original, shadow, offset),
        finish: async () => { await visit(await statistics.take()); },
        dispose: () => { statistics.dispose(); },
      };
    },
  };
}

/** What statistics need to know of the run. */
interface StatisticsContext {
  readonly pause: () => Promise<void>;
  /** Whether the layer of the copy is no longer as the original: kernels before this one may have been rewritten. */
  readonly differs: boolean;
}

/** Collects the statistics of one kernel over the calibration batches. */
class SiteStatistics {
  private readonly grams: GramStatistics;
  private readonly heldBack = new KeptRows();
  private readonly witnesses = new KeptRows();

  private readonly rowsAtOnce: number;

  constructor(private readonly site: LayerSite, private readonly plan: RowPlan, private readonly context: StatisticsContext) {
    this.grams = new GramStatistics(context.pause);
    this.rowsAtOnce = rowsAtOnce(site);
  }

  async add(original: CallInputs, shadow: CallInputs, offset: number): Promise<void> {
    const {kernel, layer} = this.site;
    const [{shape}] = original.tensors;
    const positions = kernel.positions(layer, shape);
    const planned = this.plan.plan(offset, shape[0], positions);
    const rows = original.mask ? await countedRows(planned, original.mask, shape[0] * positions) : planned;
    const met = this.meet(original, shadow);
    try {
      await this.withColumns(met, rows.calibrated, (own, shadowed) => this.grams.add(shadowed, own));
      await this.withColumns(met, rows.heldBack, (own, shadowed) => this.heldBack.add(own, shadowed));
      await this.withColumns(met, rows.witnesses, (own, shadowed) => this.witnesses.add(own, shadowed));
    } finally {
      // An input may be met as it is.
      dispose([met.original, met.shadow].filter((tensor) => !original.tensors.includes(tensor) && !shadow.tensors.includes(tensor)));
    }
  }

  private meet(original: CallInputs, shadow: CallInputs): MetTensors {
    const {kernel, layer, original: own} = this.site;
    const met = kernel.meets(own, original.tensors, original.handedMask);
    return {original: met, shadow: original === shadow && !this.context.differs ? met : kernel.meets(layer, shadow.tensors, shadow.handedMask)};
  }

  /** Statistics by problem. Ends the collection. */
  async take(): Promise<ProblemStatistics[]> {
    const grams = await this.grams.take();
    return grams.map((pair, p) => ({
      ...pair,
      heldBack: this.heldBack.rowsOf(p, pair.gram.rows),
      witnesses: this.witnesses.rowsOf(p, pair.gram.rows),
    }));
  }

  dispose(): void {
    this.grams.dispose();
  }

  /** A few rows at a time: all windows of a batch of images can be a hundred times the images. */
  private async withColumns(met: MetTensors, rows: Int32Array, use: UseColumns): Promise<void> {
    for (const {first, last} of blocksOf(rows.length, this.rowsAtOnce)) await this.withSomeColumns(met, rows.subarray(first, last), use);
  }

  private async withSomeColumns({original, shadow}: MetTensors, rows: Int32Array, use: UseColumns): Promise<void> {
    const {kernel, layer} = this.site;
    const own = kernel.columns(layer, original, rows);
    const shadowed = shadow === original ? own : kernel.columns(layer, shadow, rows);
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
    const total = this.parts.reduce((sum, {rows}) => sum + rows, 0);
    const gathered = matrix(total, features);
    let to = 0;
    for (const part of this.parts) {
      const size = part.rows * features;
      gathered.data.set(part[network].subarray(problem * size, (problem + 1) * size), to);
      to += size;
    }
    return gathered;
  }
}
