import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {offsetAt, stepAt} from '../../numerics/scales/scales.ts';
import {letterOf} from '../../numerics/stochastic/alphabet.ts';
import type {PrunedLayer, QuantizedLayer, QuantizedMatrix} from '../../records.ts';

/** Counts of a layer's weights, before and after compression. */
export interface WeightHistogram {
  /**
   * The unit of {@link HistogramBin.from} and {@link LetterShare.level}: weights as they are, or, with the offset
   * subtracted, the step of their own letters.
   */
  readonly unit: 'weight' | 'step';
  /** The number of weights. */
  readonly weights: number;
  /** Ascending, without gaps. The first and the last bin include all weights beyond them. */
  readonly bins: readonly HistogramBin[];
  /** From the lowest; empty if kept weights are float32. */
  readonly letters: readonly LetterShare[];
  /** The share of weights that are pruned, thus exactly 0. They count neither as letters nor as compressed. */
  readonly prunedShare: number;
}

/** The weights in [from, to). */
export interface HistogramBin {
  /** Its lower end. */
  readonly from: number;
  /** Its upper end. */
  readonly to: number;
  /** The number of original weights. */
  readonly original: number;
  /** The number of these that were pruned. */
  readonly pruned: number;
  /** The number of kept weights of the compressed layer. */
  readonly compressed: number;
}

/** A letter and how often it is used. */
export interface LetterShare {
  /** Its value. */
  readonly level: number;
  /** Its share of all weights of the layer. The shares of all letters and of pruned weights sum to 1. */
  readonly share: number;
}

/** The histogram of a quantized layer: of weights if all its letters share one scale, else in steps. */
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

/** The histogram of a layer whose kept weights are float32. */
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

/** Calls a function with every weight of a layer, and whether it is kept. */
type Visit = (count: (value: number, isKept: boolean) => void) => void;

/** Visits (w − offset) / step; 0 / 0 is 0, because a neuron with step 0 has one letter, its offset. */
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

/** For each letter, the number of kept weights that have it. */
function letterCounts({alphabet: {levels, lowest}, matrices}: QuantizedLayer): Float64Array {
  const counts = new Float64Array(levels);
  for (const {codes, mask} of matrices)
    codes.forEach((code, i) => {
      counts[code - lowest] += mask?.[i] ?? 1;
    });
  return counts;
}

/** The scale that all weights of a layer share, if they share one. */
function onlyScale({matrices}: QuantizedLayer): Scale | undefined {
  const {steps: firstSteps, offsets: firstOffsets} = matrices[0].scales;
  const step = firstSteps[0];
  const offset = firstOffsets?.[0] ?? 0;
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

/** From the smallest to the largest value, within six deviations from the mean, but including all of `always`. */
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

/** `count` bins of equal width from `origin`. */
interface Lattice {
  readonly origin: number;
  readonly width: number;
  readonly count: number;
}

/** Bins over a range whose edges lie whole widths from `phase`. */
function latticeOver([low, high]: readonly [number, number], phase: number, width: number): Lattice {
  const first = Math.floor((low - phase) / width);
  return {origin: phase + first * width, width, count: Math.floor((high - phase) / width) - first + 1};
}

/**
 * At most `max` bins. Each is a step divided by an odd number, or a whole number of steps, so that letters lie in the
 * middle of bins, or at least on no edge.
 */
function stepLattice(extent: readonly [number, number], shift: number, max: number): Lattice {
  const finest = (extent[1] - extent[0]) / (max - 2);
  const parts = Math.floor(1 / finest);
  return latticeOver(extent, shift + 0.5, finest > 1 ? Math.ceil(finest) : 1 / (parts - 1 + (parts % 2)));
}

function evenLattice(extent: readonly [number, number], max: number): Lattice {
  return latticeOver(extent, 0, (extent[1] - extent[0]) / (max - 2) || 1);
}

/** Counts in the bins of a lattice. */
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
