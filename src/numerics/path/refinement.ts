import {type Block, blocksOf, HOST_BLOCK_FEATURES} from '../linalg/blocks.ts';
import {applyMask, type Mask} from '../linalg/mask.ts';
import {type Matrix, matrix, subtract} from '../linalg/matrix.ts';
import {multiply} from '../linalg/product.ts';
import {type Quantized, valuesOf} from '../scales/quantized.ts';
import {type LetterSums, poolSums, refitLetters} from '../scales/scaleRefit.ts';
import {nearestQuantizer} from '../stochastic/quantizer.ts';
import type {Task} from '../task.ts';
import {type NeuronLetters, PairMoves} from './pairMoves.ts';
import {type RefinementOptions, RefinementState} from './refinementState.ts';

/**
 * Lowers ‖XW − X̃Q‖² further, alternating moves that never raise it. With q = s z + c and the residual R = GW − HQ:
 *
 * - refit of each step s, or step and offset c, with its letters z fixed: s ← s + ⟨z, R⟩ / ⟨z, Hz⟩;
 * - cyclic path following, coordinate descent on the alphabet: q_t ← nearest letter to q_t + R_t / H_tt;
 *   optionally also by pairs ({@link PairMoves}).
 *
 * A dead feature keeps its letter, a pruned weight stays 0, and so does a set of weights with step 0.
 * @param gram H `[features, features]`
 * @param target GW `[features, neurons]`
 */
export function* refine(start: Quantized, gram: Matrix, target: Matrix, options: RefinementOptions): Task<Quantized> {
  const state = yield* createRefinement(start, gram, target, options);
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

function* createRefinement(
  start: Quantized,
  gram: Matrix,
  target: Matrix,
  options: RefinementOptions,
): Task<Refinement> {
  const residual = subtract(target, yield* multiply(gram, valuesOf(start, options.alphabet, target.columns)));
  const hasOffsets = (start.scales.offsets !== undefined || options.offset === true) && start.scales.groups === 1;
  return new Refinement(
    start,
    gram,
    {target, residual, ones: hasOffsets ? yield* multiply(gram, onesOf(target, start.mask)) : undefined},
    options,
  );
}

/** The moves. Arrays are neuron-major, so that a changed letter updates one contiguous row of the residual. */
class Refinement extends RefinementState {
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

  /**
   * A change δ of q_t changes the error by −2 R_t δ + H_tt δ², least at δ = R_t / H_tt; with q = s z + c that is
   * z ← nearest letter to z + R_t / (s H_tt).
   */
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

  /** Hz and He of one group of a neuron, and ⟨z, R⟩, ⟨z, Hz⟩, ⟨e, R⟩, ⟨e, He⟩, ⟨z, He⟩ ({@link LetterSums}). */
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

  private updateLetters(cell: number, n: number, {letters, ones}: Fit, sums: LetterSums): void {
    const from = {step: this.steps[cell], offset: this.offsets?.[cell] ?? 0};
    const {step, offset} = refitLetters(from, sums);
    if (step !== from.step) this.subtractFromResidual(n, step - from.step, letters);
    if (ones && offset !== from.offset) this.subtractFromResidual(n, offset - from.offset, ones);
    this.steps[cell] = step;
    if (this.offsets) this.offsets[cell] = offset;
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
