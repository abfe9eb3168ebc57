import {type Alphabet} from './alphabet.ts';
import {type Matrix, matrix, subtract, transpose} from './matrix.ts';
import {multiply} from './product.ts';
import type {Granularity, Scales} from './scales.ts';
import {nearestQuantizer} from '../stochastic/nearestQuantizer.ts';

/** Codes of a layer `[features, neurons]`, with the steps that make them weights. */
export interface Quantized {
  /** `[features, neurons]`. */
  readonly codes: Int16Array;
  /** The steps. */
  readonly scales: Scales;
}

/** How long to refine. */
export interface RefinementOptions {
  /** The letters, in steps. */
  readonly alphabet: Alphabet;
  /** Which weights share a step, and so are refitted together. */
  readonly granularity: Granularity;
  /** How often the steps are refitted. */
  readonly rounds: number;
  /** Cyclic passes over the features after each refit. */
  readonly sweeps: number;
}

/**
 * Lowers ‖XW − X̃Q‖² further, alternating two moves that never raise it:
 *
 * - refit of each step s with its codes z fixed: s ← s + ⟨z, R⟩/⟨z, Hz⟩, R = GW − HQ;
 * - cyclic path following, coordinate descent on the alphabet: q_t ← nearest letter to q_t + R_t/H_tt.
 *
 * A dead feature keeps its letter; a set of weights with step 0 stays 0.
 * @param gram H `[features, features]`
 * @param target GW `[features, neurons]`
 */
export function refine(start: Quantized, gram: Matrix, target: Matrix, options: RefinementOptions): Quantized {
  const state = new Refinement(start, gram, target, options.alphabet);
  for (let round = 0; round < options.rounds; round++) {
    state.refit(options.granularity);
    for (let sweep = 0; sweep < options.sweeps; sweep++) state.sweep();
  }
  return state.result();
}

/** Neurons are independent; so many share each row of H while it is in the nearest cache, and their residuals stay in the next. */
const NEURONS_TOGETHER = 16;

/** One layer under refinement. Neuron-major, so that a changed letter updates one contiguous row of the residual. */
class Refinement {
  private readonly features: number;
  private readonly neurons: number;
  private readonly codes: Int16Array;
  private readonly steps: Float64Array;
  private readonly scales: Scales;
  /** (GW)ᵀ `[neurons, features]`. */
  private readonly target: Float64Array;
  /** (GW − HQ)ᵀ `[neurons, features]`. */
  private readonly residual: Float64Array;

  constructor(start: Quantized, private readonly gram: Matrix, target: Matrix, private readonly alphabet: Alphabet) {
    this.features = target.rows;
    this.neurons = target.columns;
    this.scales = start.scales;
    this.steps = start.scales.steps.slice();
    this.codes = transposeCodes(start.codes, this.features, this.neurons);
    this.target = transpose(target).data;
    this.residual = transpose(subtract(target, multiply(gram, valuesOf(start, alphabet, this.neurons)))).data;
  }

  result(): Quantized {
    return {codes: transposeCodes(this.codes, this.neurons, this.features), scales: {...this.scales, steps: this.steps}};
  }

  sweep(): void {
    for (let first = 0; first < this.neurons; first += NEURONS_TOGETHER) {
      const last = Math.min(first + NEURONS_TOGETHER, this.neurons);
      for (let t = 0; t < this.features; t++) {
        for (let n = first; n < last; n++) this.moveToNearest(n, t);
      }
    }
  }

  private moveToNearest(n: number, t: number): void {
    const norm = this.gram.data[t * this.features + t];
    const step = this.steps[this.cellOf(t, n)];
    if (!(norm > 0 && step > 0)) return;
    const i = n * this.features + t;
    const z = this.codes[i] + this.alphabet.shift;
    const code = nearestQuantizer.code(z + this.residual[i] / (norm * step), 0, this.alphabet);
    if (code === this.codes[i]) return;
    this.addToWeight(n, t, step * (code - this.codes[i]));
    this.codes[i] = code;
  }

  /** R ← R − δ H_t for a weight that grew by δ. */
  private addToWeight(n: number, t: number, delta: number): void {
    const {data} = this.gram;
    const row = n * this.features;
    const from = t * this.features;
    for (let s = 0; s < this.features; s++) this.residual[row + s] -= delta * data[from + s];
  }

  refit(granularity: Granularity): void {
    for (let g = 0; g < this.scales.groups; g++) {
      const fits = Array.from({length: this.neurons}, (_, n) => this.fitOf(g, n));
      const shared = granularity === 'tensor' ? quotient(fits) : undefined;
      fits.forEach((fit, n) => { this.rescale(g, n, shared ?? quotient([fit]), fit.product); });
    }
  }

  /** ⟨z, R⟩, ⟨z, Hz⟩ and Hz for the letters z of one group of a neuron. */
  private fitOf(group: number, n: number): Fit {
    const row = n * this.features;
    const first = group * this.scales.groupSize;
    const last = Math.min(first + this.scales.groupSize, this.features);
    const product = this.scales.groups === 1 ? this.productOfNeuron(n) : this.productOf(n, first, last);
    let cross = 0, square = 0;
    for (let t = first; t < last; t++) {
      const z = this.codes[row + t] + this.alphabet.shift;
      cross += z * this.residual[row + t];
      square += z * product[t];
    }
    return {cross, square, product};
  }

  /** Hz of a whole neuron, from what is known: H(s·z) = GW − R. */
  private productOfNeuron(n: number): Float64Array {
    const step = this.steps[n];
    const row = n * this.features;
    return Float64Array.from({length: this.features}, (_, t) => (step > 0 ? (this.target[row + t] - this.residual[row + t]) / step : 0));
  }

  /** Hz for the letters of features `first … last − 1` alone. */
  private productOf(n: number, first: number, last: number): Float64Array {
    const product = new Float64Array(this.features);
    for (let t = first; t < last; t++) {
      const z = this.codes[n * this.features + t] + this.alphabet.shift;
      if (z === 0) continue;
      const from = t * this.features;
      for (let s = 0; s < this.features; s++) product[s] += z * this.gram.data[from + s];
    }
    return product;
  }

  private rescale(group: number, n: number, change: number, product: Float64Array): void {
    const cell = group * this.neurons + n;
    const step = Math.fround(this.steps[cell] + change);
    // A step of 0 stands for a set of zeros; a negative one would turn the alphabet around.
    if (!(this.steps[cell] > 0 && step > 0)) return;
    const actual = step - this.steps[cell];
    this.steps[cell] = step;
    for (let s = 0, i = n * this.features; s < this.features; s++, i++) this.residual[i] -= actual * product[s];
  }

  private cellOf(t: number, n: number): number {
    return Math.floor(t / this.scales.groupSize) * this.neurons + n;
  }
}

interface Fit {
  readonly cross: number;
  readonly square: number;
  readonly product: Float64Array;
}

function quotient(fits: readonly Fit[]): number {
  const cross = fits.reduce((sum, fit) => sum + fit.cross, 0);
  const square = fits.reduce((sum, fit) => sum + fit.square, 0);
  return square > 0 ? cross / square : 0;
}

/** Q = step · z `[features, neurons]`, in float32 as it is stored. */
export function valuesOf({codes, scales}: Quantized, {shift}: Alphabet, neurons: number): Matrix {
  const values = matrix(codes.length / neurons, neurons);
  for (let i = 0; i < codes.length; i++) {
    const cell = Math.floor(Math.floor(i / neurons) / scales.groupSize) * neurons + (i % neurons);
    values.data[i] = Math.fround(scales.steps[cell] * (codes[i] + shift));
  }
  return values;
}

function transposeCodes(codes: Int16Array, rows: number, columns: number): Int16Array {
  const result = new Int16Array(codes.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = codes[i * columns + j];
  return result;
}
