import {diagonal, type Matrix} from '../linalg/matrix.ts';
import type {Alphabet} from '../stochastic/alphabet.ts';
import {nearestQuantizer} from '../stochastic/quantizer.ts';
import type {Task} from '../task.ts';

/** The letters of one neuron, while they change. */
export interface NeuronLetters {
  /** `[features]`, as they are now. */
  readonly codes: Int16Array;
  /** R = GW − HQ `[features]`, as it is now. */
  readonly residual: Float64Array;
  /** `[features]`; 0 where a weight must not move. */
  readonly steps: Float64Array;
  /** Adds `by` to the code of a weight, and updates the residual. */
  move(t: number, by: number): void;
}

/** Partners per feature: four times as many hardly lower the error further. */
const PARTNERS = 16;

/** A gain below this share of H_tt s², the error of moving one letter, is rounding noise. */
const NOISE = 1e-9;

/**
 * Pairwise coordinate descent on the codes of a neuron, where changing one code alone would raise the error: with
 * correlated inputs one weight makes up for another. Feature t moves to a neighbouring letter, and one of the features
 * whose inputs resemble its own most, the one that gains most, moves to the letter that is then nearest; or none does.
 * Changes δ_t and δ_s lower ‖XW − X̃Q‖² by what each does alone and a cross term −2 H_st δ_t δ_s,
 *
 *     gain = δ_t (2 R_t − H_tt δ_t) + δ_s (2 R_s − H_ss δ_s) − 2 H_st δ_t δ_s
 *          = δ_t (2 R_t − H_tt δ_t) + δ_s (2 (R_s − H_st δ_t) − H_ss δ_s)
 *
 * and only moves with a gain are made.
 */
export class PairMoves {
  /** How many partners a feature has: `partners` is `[features, count]`. */
  private readonly count: number;
  /** H_ts of each feature t and its partner s. */
  private readonly products: Float64Array;
  /** The best move of the current feature. */
  private gain = 0;
  private delta = 0;
  private partner = -1;
  private partnerDelta = 0;

  /**
   * Finds the partners of every feature.
   * @param gram H `[features, features]`
   */
  static *of(gram: Matrix, alphabet: Alphabet): Task<PairMoves> {
    const norms = diagonal(gram);
    const count = Math.max(0, Math.min(PARTNERS, gram.rows - 1));
    const partners = new Int32Array(gram.rows * count);
    for (let t = 0; t < gram.rows; t++) {
      partners.set(closestFeatures(gram, norms, t, count), t * count);
      yield;
    }
    return new PairMoves(gram, alphabet, norms, partners);
  }

  private constructor(
    gram: Matrix,
    private readonly alphabet: Alphabet,
    private readonly norms: Float64Array,
    private readonly partners: Int32Array,
  ) {
    this.count = norms.length > 0 ? partners.length / norms.length : 0;
    this.products = Float64Array.from(this.partners, (s, j) => gram.data[Math.floor(j / this.count) * gram.rows + s]);
  }

  /** One pass over the features of a neuron. */
  pass(letters: NeuronLetters): void {
    for (let t = 0; t < this.norms.length; t++) {
      const step = letters.steps[t];
      if (!(this.norms[t] > 0 && step > 0)) continue;
      this.gain = NOISE * this.norms[t] * step * step;
      this.delta = 0;
      if (letters.codes[t] > this.alphabet.lowest) this.search(letters, t, -1);
      if (letters.codes[t] < this.alphabet.highest) this.search(letters, t, 1);
      if (this.delta === 0) continue;
      letters.move(t, this.delta);
      if (this.partner >= 0) letters.move(this.partner, this.partnerDelta);
    }
  }

  private search({codes, residual: residuals, steps}: NeuronLetters, t: number, by: number): void {
    const delta = by * steps[t];
    const alone = delta * (2 * residuals[t] - delta * this.norms[t]);
    if (alone > this.gain) this.keep(alone, by, -1, 0);
    for (let j = t * this.count; j < (t + 1) * this.count; j++) {
      const s = this.partners[j];
      const size = this.norms[s] * steps[s];
      if (!(size > 0)) continue;
      const residual = residuals[s] - delta * this.products[j];
      const code = codes[s];
      const change = nearestQuantizer.code(code + this.alphabet.shift + residual / size, 0, this.alphabet) - code;
      if (change === 0) continue;
      const partnerDelta = change * steps[s];
      const together = alone + partnerDelta * (2 * residual - partnerDelta * this.norms[s]);
      if (together > this.gain) this.keep(together, by, s, change);
    }
  }

  private keep(gain: number, by: number, partner: number, partnerBy: number): void {
    this.gain = gain;
    this.delta = by;
    this.partner = partner;
    this.partnerDelta = partnerBy;
  }
}

/** The features s ≠ t with the largest H_ts²/H_ss, as many as asked for; dead ones come last. */
function closestFeatures({rows, data}: Matrix, norms: Float64Array, t: number, count: number): number[] {
  const likeness = norms.map((norm, s) => (s === t ? -1 : norm > 0 ? data[t * rows + s] ** 2 / norm : 0));
  const min = likeness.slice().sort()[rows - count];
  const closest: number[] = [];
  for (const wanted of [(value: number) => value > min, (value: number) => value === min]) {
    likeness.forEach((value, s) => {
      if (closest.length < count && wanted(value)) closest.push(s);
    });
  }
  return closest;
}
