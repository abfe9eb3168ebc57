import {panelsOf} from '../linalg/blocks.ts';
import type {Mask} from '../linalg/mask.ts';
import type {Matrix} from '../linalg/matrix.ts';
import type {Alphabet} from '../stochastic/alphabet.ts';
import {nearestQuantizer} from '../stochastic/quantizer.ts';
import {runSync, type Task} from '../task.ts';
import {type Granularity, groupSizeOf, roundToFloat32, type Scales} from './scales.ts';

/** Candidates between 5 % and 100 % of the step that lets the farthest letter reach the largest weight. */
const CANDIDATES = 48;
const RATIO = 0.05 ** (1 / CANDIDATES);
/** Candidates of the fine grid on each side of the best: with few weights or many letters the error is jagged. */
const FINE_CANDIDATES = 16;
/** Refits of the step to its own codes (Lloyd 1982); more change nothing in float32. */
const REFITS = 5;

/**
 * The steps of least rounding error: argmin_s Σ (w − s·z(w/s))² over each set of weights that shares a step. A coarse
 * geometric grid is searched, then a fine grid between the neighbours of its best, then Lloyd's iteration:
 * z = round(w/s), s = ⟨w, z⟩/⟨z, z⟩.
 * Taken from the *original* weights: aligned ones have outliers at nearly dead features.
 * A set of zeros has step 0, for which every letter is 0.
 * @param weights W `[features, neurons]`
 * @param mask the weights that count; without one, all
 */
export function meanSquareScale(
  weights: Matrix,
  alphabet: Alphabet,
  granularity: Granularity,
  mask?: Mask,
): Task<Scales> {
  return findScales(weights, granularity, mask, (values) => findBestStep(values, alphabet));
}

/** The steps with which the farthest letter reaches the largest kept weight, so that no weight is clipped. */
export function absMaxScale(weights: Matrix, alphabet: Alphabet, granularity: Granularity, mask?: Mask): Scales {
  return runSync(
    findScales(weights, granularity, mask, function* (values) {
      yield;
      return absMaxStep(values, alphabet);
    }),
  );
}

function* findScales(
  weights: Matrix,
  granularity: Granularity,
  mask: Mask | undefined,
  stepOf: (values: Float64Array) => Task<number>,
): Task<Scales> {
  const {rows: features, columns: neurons} = weights;
  const groupSize = groupSizeOf(granularity, features);
  const groups = Math.max(1, Math.ceil(features / groupSize));
  const steps = new Float64Array(groups * neurons);
  if (granularity === 'tensor')
    return roundToFloat32({
      groupSize,
      groups,
      neurons,
      steps: steps.fill(yield* stepOf(weights.data.filter((_, i) => mask?.[i] !== 0))),
    });
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < neurons; n++)
      steps[g * neurons + n] = yield* stepOf(groupValues(weights, mask, n, g * groupSize, groupSize));
  }
  return roundToFloat32({groupSize, groups, neurons, steps});
}

function absMaxStep(values: Float64Array, alphabet: Alphabet): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const [down, up] = [-(alphabet.lowest + alphabet.shift), alphabet.highest + alphabet.shift];
  // {−1, 0} has no letter above 0.
  return largest / (up > 0 ? Math.min(down, up) : down);
}

/** The kept weights of some features of a neuron. */
function groupValues(
  {rows, columns, data}: Matrix,
  mask: Mask | undefined,
  neuron: number,
  first: number,
  size: number,
): Float64Array {
  const last = Math.min(first + size, rows);
  const indices = Array.from({length: last - first}, (_, k) => (first + k) * columns + neuron);
  return Float64Array.from(
    indices.filter((i) => mask?.[i] !== 0),
    (i) => data[i],
  );
}

function* findBestStep(values: Float64Array, alphabet: Alphabet): Task<number> {
  const widest = absMaxStep(values, alphabet);
  if (!(widest > 0)) return 0;
  const coarse = yield* bestOf(
    values,
    alphabet,
    Array.from({length: CANDIDATES + 1}, (_, k) => widest * RATIO ** k),
  );
  let best = yield* bestOf(
    values,
    alphabet,
    Array.from({length: 2 * FINE_CANDIDATES + 1}, (_, k) => coarse * RATIO ** (k / FINE_CANDIDATES - 1)),
  );
  for (let k = 0; k < REFITS; k++) best = fitOf(values, alphabet, best).refit;
  return best;
}

function* bestOf(values: Float64Array, alphabet: Alphabet, candidates: readonly number[]): Task<number> {
  let [best] = candidates;
  let min = Infinity;
  // One part of the task tries all candidates on few weights, or one candidate on many weights.
  for (const {first, last} of panelsOf({rows: candidates.length, columns: values.length})) {
    for (const step of candidates.slice(first, last)) {
      const {error} = fitOf(values, alphabet, step);
      if (error < min) [min, best] = [error, step];
    }
    yield;
  }
  return best;
}

/** The rounding error of a step, and the step ⟨w, z⟩/⟨z, z⟩ that fits its codes best. */
function fitOf(values: Float64Array, alphabet: Alphabet, step: number): {error: number; refit: number} {
  let error = 0,
    cross = 0,
    square = 0;
  for (const value of values) {
    const z = nearestQuantizer.code(value / step, 0, alphabet) + alphabet.shift;
    error += (value - step * z) ** 2;
    cross += value * z;
    square += z * z;
  }
  return {error, refit: cross > 0 ? cross / square : step};
}
