import {calibrationGain} from '../numerics/path/calibrationError.ts';
import type {Granularity} from '../numerics/scales/scales.ts';
import type {Task} from '../numerics/task.ts';
import {chooseByNeuron} from './chooseByNeuron.ts';
import type {QuantizedWeights} from './followedPath.ts';
import type {TargetedProblem} from './weightProblem.ts';

/**
 * Takes, for each neuron, the one of two quantizations with the smaller calibration error; neurons that share a scale
 * choose together. Both have the same mask. The path is the first one's, marked as biased: so is a choice among paths.
 */
export function* pickBetterNeurons(
  one: QuantizedWeights,
  other: QuantizedWeights,
  {gram, target}: TargetedProblem,
  granularity: Granularity,
): Task<QuantizedWeights> {
  const gains = yield* calibrationGain(gram, target, one.values, other.values);
  const gained = granularity === 'tensor' ? gains.fill(gains.reduce((sum, gain) => sum + gain, 0)) : gains;
  const isBetter = Array.from(gained, (gain) => gain > 0);
  const {steps, offsets} = one.scales;
  return {
    ...one,
    codes: chooseByNeuron(isBetter, one.codes, other.codes),
    values: {...one.values, data: chooseByNeuron(isBetter, one.values.data, other.values.data)},
    scales: {
      ...one.scales,
      steps: chooseByNeuron(isBetter, steps, other.scales.steps),
      offsets: offsets && other.scales.offsets && chooseByNeuron(isBetter, offsets, other.scales.offsets),
    },
    path: {...one.path, isUnbiased: false},
  };
}
