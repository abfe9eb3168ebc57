/** Which weights share a step: all of a layer, the fan-in of a neuron, or so many neighbouring features of a neuron. */
export type Granularity = 'tensor' | 'channel' | FeatureGroups;

/** So many neighbouring features of a neuron share a step. */
export interface FeatureGroups {
  /** Features per group. */
  readonly group: number;
}

/** Steps of a layer's weights: weight (t, n) has step `steps[⌊t / groupSize⌋ · neurons + n]`. */
export interface Scales {
  /** Features that share a step. */
  readonly groupSize: number;
  /** ⌈features / groupSize⌉. */
  readonly groups: number;
  /** Columns of W. */
  readonly neurons: number;
  /** `[groups, neurons]`. */
  readonly steps: Float64Array;
}

/** The features that share a step under a granularity. */
export function groupSizeOf(granularity: Granularity, features: number): number {
  return typeof granularity === 'string' ? features : Math.min(granularity.group, features);
}

/** The step of weight (feature, neuron). */
export function stepAt({steps, groupSize, neurons}: Scales, feature: number, neuron: number): number {
  return steps[Math.floor(feature / groupSize) * neurons + neuron];
}

/** The same scales with steps rounded to float32, in which they are stored: letters mean the same before and after saving. */
export function storable(scales: Scales): Scales {
  return {...scales, steps: Float64Array.from(scales.steps, Math.fround)};
}

/** One neuron's steps, each times its factor. */
export function scaledBy(scales: Scales, factor: (neuron: number) => number): Scales {
  return storable({...scales, steps: scales.steps.map((step, i) => step * factor(i % scales.neurons))});
}
