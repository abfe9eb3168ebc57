/**
 * Which weights share a step: all of a layer, the fan-in of a neuron, or a group of neighbouring features of a neuron.
 */
export type Granularity = 'tensor' | 'channel' | FeatureGroups;

/** Neighbouring features of a neuron that share a step. */
export interface FeatureGroups {
  /** Features per group. */
  readonly group: number;
}

/**
 * Steps of a layer's weights: weight (t, n) has step `steps[⌊t / groupSize⌋ · neurons + n]`, its letters are step ·
 * (code + shift) + offset.
 */
export interface Scales {
  /** Features that share a step. */
  readonly groupSize: number;
  /** ⌈features / groupSize⌉. */
  readonly groups: number;
  /** Columns of W. */
  readonly neurons: number;
  /** `[groups, neurons]`. */
  readonly steps: Float64Array;
  /** What is added to every letter, `[groups, neurons]`. Absent: 0. */
  readonly offsets?: Float64Array | undefined;
}

/** How many neighbouring features of a neuron share a step. */
export function groupSizeOf(granularity: Granularity, features: number): number {
  return typeof granularity === 'string' ? features : Math.min(granularity.group, features);
}

/** The step of weight (feature, neuron). */
export function stepAt({steps, groupSize, neurons}: Scales, feature: number, neuron: number): number {
  return steps[Math.floor(feature / groupSize) * neurons + neuron];
}

/** What is added to the letters of weight (feature, neuron). */
export function offsetAt({offsets, groupSize, neurons}: Scales, feature: number, neuron: number): number {
  return offsets ? offsets[Math.floor(feature / groupSize) * neurons + neuron] : 0;
}

/** Steps and offsets rounded to float32, as they are stored: letters are the same numbers before and after saving. */
export function roundToFloat32({offsets, ...scales}: Scales): Scales {
  const rounded = {...scales, steps: Float64Array.from(scales.steps, Math.fround)};
  return offsets ? {...rounded, offsets: Float64Array.from(offsets, Math.fround)} : rounded;
}

/** Multiplies the steps of each neuron by its factor; offsets stay. */
export function scaleSteps(scales: Scales, factor: (neuron: number) => number): Scales {
  return roundToFloat32({...scales, steps: scales.steps.map((step, i) => step * factor(i % scales.neurons))});
}
