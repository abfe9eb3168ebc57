import {dispose, type Tensor, type Tensor3D} from '@tensorflow/tfjs-core';
import {blocksOf} from '../numerics/blocks.ts';
import type {GramPair} from '../numerics/centering.ts';
import {type Matrix, matrix} from '../numerics/matrix.ts';
import {GramStatistics} from '../ops/gramStatistics.ts';
import type {Station} from './layerWalk.ts';
import {RowPlan} from './rowPlan.ts';
import {type LayerSite, rowWidth} from './sites.ts';

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
}

const MOST_ROWS_AT_ONCE = 2048;
const MOST_NUMBERS_AT_ONCE = 2 ** 22;

/** Rows of X that are made at once: enough to pay for padding the images again, and no more than 16 MiB. */
export function rowsAtOnce(site: Pick<LayerSite, 'original' | 'adapter'>): number {
  return Math.min(MOST_ROWS_AT_ONCE, Math.max(1, Math.floor(MOST_NUMBERS_AT_ONCE / rowWidth(site))));
}

/** How many rows a sample may give in each call of a site, so that all samples together give about `rows`. */
export function rowsPerSample({calls}: LayerSite, {samples, rows}: {readonly samples: number; readonly rows: number}): number {
  return Math.max(1, Math.floor(rows / (samples * calls.length)));
}

type UseColumns = (original: Tensor3D, shadow: Tensor3D) => Promise<void>;

/** A site as a station of the walk: `visit` gets the statistics of its problems, and rewrites its layer. */
export function siteStation(site: LayerSite, visit: (statistics: ProblemStatistics[]) => Promise<void>): Station {
  return {
    calls: site.calls,
    open({source, seed, pause}) {
      const statistics = new SiteStatistics(site, new RowPlan(seed, site.number, rowsPerSample(site, source), rowWidth(site) * site.calls.length), pause);
      return {
        add: (original, shadow, offset) => statistics.add(original, shadow, offset),
        finish: async () => { await visit(await statistics.take()); },
        dispose: () => { statistics.dispose(); },
      };
    },
  };
}

/** Collects the statistics of one layer over the calibration batches. */
class SiteStatistics {
  private readonly grams: GramStatistics;
  private readonly heldBack = new KeptRows();
  private readonly witnesses = new KeptRows();

  private readonly rowsAtOnce: number;

  constructor(private readonly site: LayerSite, private readonly plan: RowPlan, pause: () => Promise<void>) {
    this.grams = new GramStatistics(pause);
    this.rowsAtOnce = rowsAtOnce(site);
  }

  async add(original: Tensor, shadow: Tensor, offset: number): Promise<void> {
    const {adapter, layer} = this.site;
    const rows = this.plan.plan(offset, original.shape[0], adapter.positions(layer, original.shape));
    await this.withColumns(original, shadow, rows.calibrated, (own, shadowed) => this.grams.add(shadowed, own));
    await this.withColumns(original, shadow, rows.heldBack, (own, shadowed) => this.heldBack.add(own, shadowed));
    await this.withColumns(original, shadow, rows.witnesses, (own, shadowed) => this.witnesses.add(own, shadowed));
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
  private async withColumns(original: Tensor, shadow: Tensor, rows: Int32Array, use: UseColumns): Promise<void> {
    for (const {first, last} of blocksOf(rows.length, this.rowsAtOnce)) await this.withSomeColumns(original, shadow, rows.subarray(first, last), use);
  }

  private async withSomeColumns(original: Tensor, shadow: Tensor, rows: Int32Array, use: UseColumns): Promise<void> {
    const {adapter, layer} = this.site;
    const own = adapter.columns(layer, original, rows);
    const shadowed = shadow === original ? own : adapter.columns(layer, shadow, rows);
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
