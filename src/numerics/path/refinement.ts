import {type Block, blocksOf, HOST_BLOCK_FEATURES} from '../linalg/blocks.ts';
import {applyMask, type Mask} from '../linalg/mask.ts';
import {type Matrix, matrix, subtract, transpose} from '../linalg/matrix.ts';
import {multiply} from '../linalg/product.ts';
import {type Quantized, transposeCodes, valuesOf} from '../scales/quantized.ts';
import {type LetterSums, poolSums, refitLetters} from '../scales/scaleRefit.ts';
import type {Granularity, Scales} from '../scales/scales.ts';
import {type Alphabet} from '../stochastic/alphabet.ts';
import {nearestQuantizer} from '../stochastic/quantizer.ts';
import {runSync, type Task} from '../task.ts';
import {type NeuronLetters, PairMoves} from './pairMoves.ts';

/** How long to refine. */
export interface RefinementOptions {
  /** The letters, in steps. */
  readonly alphabet: Alphabet;
  /** Which weights share a step, and so are refitted together. */
  readonly granularity: Granularity;
  /** Whether a refit also moves the offset of the weights that share a step. Default false: offsets stay. */
  readonly offset?: boolean;
  /** Whether steps and offsets are refitted. Default true. */
  readonly refit?: boolean;
  /** How often the steps are refitted. */
  readonly rounds: number;
  /** Cyclic passes over the features after each refit. */
  readonly sweeps: number;
  /** Passes that change letters by twos after the sweeps of each round. Default 0. */
  readonly pairs?: number;
}

/**
 * Lowers ‖XW − X̃Q‖² further, alternating moves that never raise it:
 *
 * - refit of each step s, or step and offset c, with its letters z fixed: s ← s + ⟨z, R⟩/⟨z, Hz⟩, R = GW − HQ;
 * - cyclic path following, coordinate descent on the alphabet: q_t ← nearest letter to q_t + R_t/H_tt, R = GW − HQ;
 *   optionally also by pairs ({@link pairMoves}).
 *
 * A dead feature keeps its letter, a pruned weight stays 0, and so does a set of weights with step 0.
 * @param gram H `[features, features]`
 * @param target GW `[features, neurons]`
 */
export function* refine(start: Quantized, gram: Matrix, target: Matrix, options: RefinementOptions): Task<Quantized> {
  const state = yield* Refinement.of(start, gram, target, options);
  const {refit = true, pairs = 0} = options;
  for (let round = 0; round < options.rounds; round++) {
    if (refit) yield* state.refit();
    for (let sweep = 0; sweep < options.sweeps; sweep++) yield* state.sweep();
    for (let pass = 0; pass < pairs; pass++) yield* state.movePairs();
  }
  return state.result();
}

/** Neurons are independent; this many share each row of H while it is in the L1 cache, their residuals fit the L2. */
const NEURONS_TOGETHER = 16;

/** One layer under refinement. Neuron-major, so that a changed letter updates one contiguous row of the residual. */
class Refinement {
  private readonly features: number;
  private readonly neurons: number;
  private readonly codes: Int16Array;
  private readonly steps: Float64Array;
  /** Where there are none and none are asked for, nothing of them is computed. */
  private readonly offsets: Float64Array | undefined;
  private readonly scales: Scales;
  /** Feature-major: a sweep reads the neurons of one feature. */
  private readonly mask: Mask | undefined;
  /** (GW)ᵀ `[neurons, features]`. */
  private readonly target: Float64Array;
  /** (GW − HQ)ᵀ `[neurons, features]`. */
  private readonly residual: Float64Array;
  /** (He)ᵀ `[neurons, features]` for e = 1 at each kept weight, where whole neurons share an offset. */
  private readonly ones: Float64Array | undefined;
  private pairMoves: PairMoves | undefined;

  static *of(start: Quantized, gram: Matrix, target: Matrix, options: RefinementOptions): Task<Refinement> {
    const residual = subtract(target, yield* multiply(gram, valuesOf(start, options.alphabet, target.columns)));
    const hasOffsets = (start.scales.offsets !== undefined || options.offset === true) && start.scales.groups === 1;
    return new Refinement(
      start,
      gram,
      {target, residual, ones: hasOffsets ? yield* multiply(gram, onesOf(target, start.mask)) : undefined},
      options,
    );
  }

  private constructor(
    start: Quantized,
    private readonly gram: Matrix,
    {target, residual, ones}: {readonly target: Matrix; readonly residual: Matrix; readonly ones: Matrix | undefined},
    private readonly options: RefinementOptions,
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

  *sweep(): Task<void> {
    for (const neurons of blocksOf(this.neurons, NEURONS_TOGETHER)) {
      for (const features of blocksOf(this.features, HOST_BLOCK_FEATURES)) {
        this.sweepBlock(neurons, features);
        yield;
      }
    }
  }

  private sweepBlock(neurons: Block, features: Block): void {
    for (let t = features.first; t < features.last; t++) {
      for (let n = neurons.first; n < neurons.last; n++) this.moveToNearest(n, t);
    }
  }

  private moveToNearest(n: number, t: number): void {
    const norm = this.gram.data[t * this.features + t];
    const step = this.movableStep(n, t);
    if (!(norm > 0 && step > 0)) return;
    const i = n * this.features + t;
    const z = this.codes[i] + this.options.alphabet.shift;
    const code = nearestQuantizer.code(z + this.residual[i] / (norm * step), 0, this.options.alphabet);
    if (code !== this.codes[i]) this.moveCode(n, t, code - this.codes[i]);
  }

  *movePairs(): Task<void> {
    this.pairMoves ??= yield* PairMoves.of(this.gram, this.options.alphabet);
    for (let n = 0; n < this.neurons; n++) {
      this.pairMoves.pass(this.lettersOf(n));
      yield;
    }
  }

  private lettersOf(n: number): NeuronLetters {
    const [first, last] = [n * this.features, (n + 1) * this.features];
    return {
      codes: this.codes.subarray(first, last),
      residual: this.residual.subarray(first, last),
      steps: Float64Array.from({length: this.features}, (_, t) => this.movableStep(n, t)),
      move: (t, by) => {
        this.moveCode(n, t, by);
      },
    };
  }

  /** The step of a weight, 0 of a pruned one. */
  private movableStep(n: number, t: number): number {
    return this.isKept(n, t) ? this.steps[Math.floor(t / this.scales.groupSize) * this.neurons + n] : 0;
  }

  /** R ← R − δ H_t for a weight that grew by δ. */
  private moveCode(n: number, t: number, by: number): void {
    const {data} = this.gram;
    const row = n * this.features;
    const from = t * this.features;
    const delta = this.movableStep(n, t) * by;
    this.codes[row + t] += by;
    for (let s = 0; s < this.features; s++) this.residual[row + s] -= delta * data[from + s];
  }

  *refit(): Task<void> {
    for (let g = 0; g < this.scales.groups; g++) {
      const fits: Fit[] = [];
      for (const {first, last} of blocksOf(this.neurons, NEURONS_TOGETHER)) {
        for (let n = first; n < last; n++) fits.push(this.fitOf(g, n));
        yield;
      }
      const shared = this.options.granularity === 'tensor' ? poolSums(fits.map(({sums}) => sums)) : undefined;
      fits.forEach((fit, n) => {
        this.updateLetters(g * this.neurons + n, n, fit, shared ?? fit.sums);
      });
    }
  }

  /** Hz and He of one group of a neuron, and the sums. */
  private fitOf(group: number, n: number): Fit {
    const first = group * this.scales.groupSize;
    const last = Math.min(first + this.scales.groupSize, this.features);
    const ones =
      this.offsets &&
      (this.ones?.subarray(n * this.features, (n + 1) * this.features) ?? this.productOf(n, first, last, () => 1));
    const letters =
      this.scales.groups === 1
        ? this.productOfNeuron(n, ones)
        : this.productOf(n, first, last, (t) => this.letterAt(n, t));
    const sums = {cross: 0, square: 0, onesCross: 0, onesSquare: 0, mixed: 0};
    for (let t = first; t < last; t++) {
      const z = this.letterAt(n, t);
      const residual = this.residual[n * this.features + t];
      sums.cross += z * residual;
      sums.square += z * letters[t];
      if (!(ones && this.options.offset && this.isKept(n, t))) continue;
      sums.onesCross += residual;
      sums.onesSquare += ones[t];
      sums.mixed += z * ones[t];
    }
    return {sums, letters, ones};
  }

  /** Hz of a whole neuron, from what is known: H(s·z + c·e) = GW − R. */
  private productOfNeuron(n: number, ones: Float64Array | undefined): Float64Array {
    const step = this.steps[n];
    const offset = this.offsets?.[n] ?? 0;
    const row = n * this.features;
    const product = Float64Array.from({length: this.features}, (_, t) => this.target[row + t] - this.residual[row + t]);
    return product.map((entry, t) => (step > 0 ? (ones ? entry - offset * ones[t] : entry) / step : 0));
  }

  /** H times a vector that is 0 but for the kept features among `first … last − 1`. */
  private productOf(n: number, first: number, last: number, valueAt: (t: number) => number): Float64Array {
    const product = new Float64Array(this.features);
    for (let t = first; t < last; t++) {
      const value = this.isKept(n, t) ? valueAt(t) : 0;
      if (value === 0) continue;
      const from = t * this.features;
      for (let s = 0; s < this.features; s++) product[s] += value * this.gram.data[from + s];
    }
    return product;
  }

  private updateLetters(cell: number, n: number, {letters, ones}: Fit, sums: LetterSums): void {
    const from = {step: this.steps[cell], offset: this.offsets?.[cell] ?? 0};
    const {step, offset} = refitLetters(from, sums);
    if (step !== from.step) this.subtractFromResidual(n, step - from.step, letters);
    if (ones && offset !== from.offset) this.subtractFromResidual(n, offset - from.offset, ones);
    this.steps[cell] = step;
    if (this.offsets) this.offsets[cell] = offset;
  }

  /** R ← R − δ Hv for a neuron whose weights grew by δ v. */
  private subtractFromResidual(n: number, delta: number, product: Float64Array): void {
    for (let s = 0, i = n * this.features; s < this.features; s++, i++) this.residual[i] -= delta * product[s];
  }

  /** z of a weight, 0 of a pruned one. */
  private letterAt(n: number, t: number): number {
    return this.isKept(n, t) ? this.codes[n * this.features + t] + this.options.alphabet.shift : 0;
  }

  private isKept(n: number, t: number): boolean {
    return this.mask?.[t * this.neurons + n] !== 0;
  }
}

interface Fit {
  readonly sums: LetterSums;
  /** Hz `[features]`. */
  readonly letters: Float64Array;
  /** He `[features]`, where there are offsets. */
  readonly ones: Float64Array | undefined;
}

/** e: 1 at each kept weight `[features, neurons]`. */
function onesOf({rows, columns, data}: Matrix, mask: Mask | undefined): Matrix {
  return applyMask(matrix(rows, columns, new Float64Array(data.length).fill(1)), mask);
}
