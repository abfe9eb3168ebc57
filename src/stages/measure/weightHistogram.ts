import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {offsetAt, stepAt} from '../../numerics/scales/scales.ts';
import {letterOf} from '../../numerics/stochastic/alphabet.ts';
import type {PrunedLayer, QuantizedLayer, QuantizedMatrix} from '../../records.ts';

/** Counts of a layer's weights before and after. */
export interface WeightHistogram {
  /** What {@link HistogramBin.from} and {@link LetterShare.level} are measured in: weights as they are, or the steps of their own letters, offsets taken off. */
  readonly unit: 'weight' | 'step';
  /** How many weights were counted. */
  readonly weights: number;
  /** Ascending, without gaps. The first and the last count what lies beyond them, too. */
  readonly bins: readonly HistogramBin[];
  /** From the lowest; none where kept weights are float32. */
  readonly letters: readonly LetterShare[];
  /** Share of the weights that are exactly 0 because they were pruned. They are letters of no bin. */
  readonly prunedShare: number;
}

/** Weights from one value, included, up to the next. */
export interface HistogramBin {
  /** Its lower end. */
  readonly from: number;
  /** Its upper end. */
  readonly to: number;
  /** Weights of the original. */
  readonly original: number;
  /** How many of these were pruned. */
  readonly pruned: number;
  /** Kept weights of the compressed layer. */
  readonly compressed: number;
}

/** A letter, and how often it is used. */
export interface LetterShare {
  /** Its value. */
  readonly level: number;
  /** Share of all weights of the layer; with the pruned ones they sum to 1. */
  readonly share: number;
}

/** A histogram of a layer of letters: in weights where they share one step, else in steps. */
export function stepHistogram(layer: QuantizedLayer, before: readonly Matrix[], max: number): WeightHistogram {
  const {alphabet} = layer;
  const counts = letterCounts(layer);
  const levels = Array.from(counts, (_, i) => letterOf(alphabet.lowest + i, alphabet, 1));
  const visit: Visit = (count) => {
    layer.matrices.forEach((matrix, p) => {
      visitInSteps(matrix, before[p], count);
    });
  };
  const tally = tallyOf(
    stepLattice(extentOf(visit, [levels[0], levels[levels.length - 1]]), alphabet.shift, max),
    visit,
  );
  levels.forEach((level, i) => {
    tally.compressed[binOf(tally, level)] += counts[i];
  });
  return histogramOf(
    tally,
    onlyScale(layer),
    levels.map((level, i) => ({level, count: counts[i]})),
  );
}

/** A histogram of a layer whose kept weights are float32. */
export function keptHistogram(
  {matrices}: PrunedLayer,
  before: readonly Matrix[],
  after: readonly Matrix[],
  max: number,
): WeightHistogram {
  const visit: Visit = (count) => {
    before.forEach(({data}, p) => {
      data.forEach((weight, i) => {
        count(weight, matrices[p].mask[i] === 1);
      });
    });
  };
  const tally = tallyOf(evenLattice(extentOf(visit), max), visit);
  after.forEach(({data}, p) => {
    data.forEach((weight, i) => {
      tally.compressed[binOf(tally, weight)] += matrices[p].mask[i];
    });
  });
  return histogramOf(tally, {step: 1, offset: 0}, []);
}

/** Hands over every weight of a layer, and whether it is kept. */
type Visit = (count: (value: number, isKept: boolean) => void) => void;

/** (w − offset) / step; a neuron without a step has one letter, which is 0. */
function visitInSteps(
  {features, neurons, scales, mask}: QuantizedMatrix,
  {data}: Matrix,
  count: Parameters<Visit>[0],
): void {
  for (let t = 0; t < features; t++) {
    for (let n = 0; n < neurons; n++) {
      const value = data[t * neurons + n] - offsetAt(scales, t, n);
      count(value === 0 ? 0 : value / stepAt(scales, t, n), mask?.[t * neurons + n] !== 0);
    }
  }
}

/** How often each letter is used by a kept weight. */
function letterCounts({alphabet: {levels, lowest}, matrices}: QuantizedLayer): Float64Array {
  const counts = new Float64Array(levels);
  for (const {codes, mask} of matrices)
    codes.forEach((code, i) => {
      counts[code - lowest] += mask?.[i] ?? 1;
    });
  return counts;
}

/** The scale that all weights of a layer share, if they do. */
function onlyScale({matrices}: QuantizedLayer): Scale | undefined {
  const [
    {
      scales: {
        steps: [step],
        offsets: first,
      },
    },
  ] = matrices;
  const offset = first?.[0] ?? 0;
  const isShared =
    step > 0 &&
    matrices.every(
      ({scales: {steps, offsets = []}}) =>
        steps.every((other) => other === step) && offsets.every((other) => other === offset),
    );
  return isShared ? {step, offset} : undefined;
}

interface Scale {
  readonly step: number;
  readonly offset: number;
}

/** From the least to the greatest value, no farther than six deviations from the mean, but at least over `always`. */
function extentOf(visit: Visit, always: readonly number[] = []): readonly [number, number] {
  let [count, sum, squares, min, greatest] = [0, 0, 0, Infinity, -Infinity];
  visit((value) => {
    if (!Number.isFinite(value)) return;
    count++;
    sum += value;
    squares += value * value;
    min = Math.min(min, value);
    greatest = Math.max(greatest, value);
  });
  const mean = count > 0 ? sum / count : 0;
  const reach = 6 * Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean));
  return [Math.min(Math.max(min, mean - reach), ...always), Math.max(Math.min(greatest, mean + reach), ...always)];
}

/** Bins of one width from `origin`. */
interface Lattice {
  readonly origin: number;
  readonly width: number;
  readonly count: number;
}

/** Bins that begin at `phase` or whole widths from it. */
function latticeOver([low, high]: readonly [number, number], phase: number, width: number): Lattice {
  const first = Math.floor((low - phase) / width);
  return {origin: phase + first * width, width, count: Math.floor((high - phase) / width) - first + 1};
}

/** At most so many bins, each an odd part of a step or whole steps, so that letters lie in the middle of bins or at least on no edge. */
function stepLattice(extent: readonly [number, number], shift: number, max: number): Lattice {
  const finest = (extent[1] - extent[0]) / (max - 2);
  const parts = Math.floor(1 / finest);
  return latticeOver(extent, shift + 0.5, finest > 1 ? Math.ceil(finest) : 1 / (parts - 1 + (parts % 2)));
}

function evenLattice(extent: readonly [number, number], max: number): Lattice {
  return latticeOver(extent, 0, (extent[1] - extent[0]) / (max - 2) || 1);
}

/** Counts over a lattice. */
interface Tally extends Lattice {
  readonly original: Float64Array;
  readonly pruned: Float64Array;
  readonly compressed: Float64Array;
}

function tallyOf(lattice: Lattice, visit: Visit): Tally {
  const [original, pruned, compressed] = [0, 1, 2].map(() => new Float64Array(lattice.count));
  visit((value, isKept) => {
    const bin = binOf(lattice, value);
    original[bin]++;
    if (!isKept) pruned[bin]++;
  });
  return {...lattice, original, pruned, compressed};
}

function binOf({origin, width, count}: Lattice, value: number): number {
  return Math.min(Math.max(Math.floor((value - origin) / width), 0), count - 1);
}

function histogramOf(
  {origin, width, original, pruned, compressed}: Tally,
  scale: Scale | undefined,
  letters: ReadonlyArray<{readonly level: number; readonly count: number}>,
): WeightHistogram {
  const sumOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
  const weights = sumOf(original);
  const {step, offset} = scale ?? {step: 1, offset: 0};
  const placed = (unit: number): number => step * unit + offset;
  return {
    unit: scale ? 'weight' : 'step',
    weights,
    bins: Array.from(original, (count, i) => ({
      from: placed(origin + i * width),
      to: placed(origin + (i + 1) * width),
      original: count,
      pruned: pruned[i],
      compressed: compressed[i],
    })),
    letters: letters.map(({level, count}) => ({level: placed(level), share: count / weights})),
    prunedShare: sumOf(pruned) / weights,
  };
}
