import type {Mask} from '../linalg/mask.ts';
import {type Matrix, transpose} from '../linalg/matrix.ts';
import {type Quantized, transposeCodes} from '../scales/quantized.ts';
import type {Granularity, Scales} from '../scales/scales.ts';
import type {Alphabet} from '../stochastic/alphabet.ts';
import {runSync} from '../task.ts';
import type {PairMoves} from './pairMoves.ts';

/** What refinement may change, and how long it runs. */
export interface RefinementOptions {
  /** The letters, in steps. */
  readonly alphabet: Alphabet;
  /** Which weights share a step, and so are refitted together. */
  readonly granularity: Granularity;
  /** Whether a refit also moves the offset of the weights that share a step. Default false: offsets stay. */
  readonly offset?: boolean;
  /** Whether steps and offsets are refitted. Default true. */
  readonly refit?: boolean;
  /** The number of rounds: a refit of the steps, then the passes below. */
  readonly rounds: number;
  /** Cyclic passes over the features after each refit. */
  readonly sweeps: number;
  /** Passes that change letters in pairs, after the sweeps of each round. Default 0. */
  readonly pairs?: number;
}

/**
 * One layer under refinement: q = s z + c with z = code + shift, and the residual R = GW − HQ, which every change of Q
 * keeps up to date.
 */
export class RefinementState {
  protected readonly features: number;
  protected readonly neurons: number;
  protected readonly codes: Int16Array;
  protected readonly steps: Float64Array;
  /** c. Absent where there are none and none are to be fitted; then nothing is computed for them. */
  protected readonly offsets: Float64Array | undefined;
  protected readonly scales: Scales;
  /** Feature-major: a sweep reads the neurons of one feature. */
  protected readonly mask: Mask | undefined;
  /** (GW)ᵀ `[neurons, features]`. */
  protected readonly target: Float64Array;
  /** Rᵀ `[neurons, features]`. Invariant: R = GW − HQ, so a change Δ of Q comes with R ← R − HΔ. */
  protected readonly residual: Float64Array;
  /** (He)ᵀ `[neurons, features]` for e = 1 at each kept weight, where whole neurons share an offset. */
  protected readonly ones: Float64Array | undefined;
  protected pairMoves: PairMoves | undefined;

  constructor(
    start: Quantized,
    protected readonly gram: Matrix,
    {target, residual, ones}: {readonly target: Matrix; readonly residual: Matrix; readonly ones: Matrix | undefined},
    protected readonly options: RefinementOptions,
  ) {
    this.features = target.rows;
    this.neurons = target.columns;
    this.scales = start.scales;
    this.steps = start.scales.steps.slice();
    this.offsets = start.scales.offsets?.slice() ?? (options.offset ? new Float64Array(this.steps.length) : undefined);
    this.mask = start.mask;
    this.codes = transposeCodes(start.codes, this.features, this.neurons);
    this.target = runSync(transpose(target)).data;
    this.residual = runSync(transpose(residual)).data;
    this.ones = ones && runSync(transpose(ones)).data;
  }

  result(): Quantized {
    const scales = {...this.scales, steps: this.steps, ...(this.offsets && {offsets: this.offsets})};
    return {
      codes: transposeCodes(this.codes, this.neurons, this.features),
      scales,
      ...(this.mask && {mask: this.mask}),
    };
  }

  /** R ← R − δ H_t for a weight that grew by δ. */
  protected moveCode(n: number, t: number, by: number): void {
    const {data} = this.gram;
    const row = n * this.features;
    const from = t * this.features;
    const delta = this.movableStep(n, t) * by;
    this.codes[row + t] += by;
    for (let s = 0; s < this.features; s++) this.residual[row + s] -= delta * data[from + s];
  }

  /** Hz of a whole neuron, from what is known: H(s·z + c·e) = GW − R. */
  protected productOfNeuron(n: number, ones: Float64Array | undefined): Float64Array {
    const step = this.steps[n];
    const offset = this.offsets?.[n] ?? 0;
    const row = n * this.features;
    const product = Float64Array.from({length: this.features}, (_, t) => this.target[row + t] - this.residual[row + t]);
    return product.map((entry, t) => (step > 0 ? (ones ? entry - offset * ones[t] : entry) / step : 0));
  }

  /** H times a vector that is 0 but for the kept features among `first … last − 1`. */
  protected productOf(n: number, first: number, last: number, valueAt: (t: number) => number): Float64Array {
    const product = new Float64Array(this.features);
    for (let t = first; t < last; t++) {
      const value = this.isKept(n, t) ? valueAt(t) : 0;
      if (value === 0) continue;
      const from = t * this.features;
      for (let s = 0; s < this.features; s++) product[s] += value * this.gram.data[from + s];
    }
    return product;
  }

  /** R ← R − δ Hv for a neuron whose weights grew by δ v. */
  protected subtractFromResidual(n: number, delta: number, product: Float64Array): void {
    for (let s = 0, i = n * this.features; s < this.features; s++, i++) this.residual[i] -= delta * product[s];
  }

  /** z of a weight, 0 of a pruned one. */
  protected letterAt(n: number, t: number): number {
    return this.isKept(n, t) ? this.codes[n * this.features + t] + this.options.alphabet.shift : 0;
  }

  protected isKept(n: number, t: number): boolean {
    return this.mask?.[t * this.neurons + n] !== 0;
  }

  /** The step of a weight, 0 of a pruned one. */
  protected movableStep(n: number, t: number): number {
    return this.isKept(n, t) ? this.steps[Math.floor(t / this.scales.groupSize) * this.neurons + n] : 0;
  }
}
