import {BLOCK_FEATURES} from '../../../src/numerics/linalg/blocks.ts';
import type {StochasticOperator} from '../../../src/numerics/stochastic/stochasticOperator.ts';
import type {Program} from '../program.ts';
import {philox} from './philox.ts';

/** Buffers of {@link pathBlock}. */
export type PathBlockInput = 'aligned' | 'feedback' | 'steps' | 'inverseSteps';

/** Numbers of {@link pathBlock}. */
export type PathBlockUniform =
  | 'features'
  | 'neurons'
  | 'first'
  | 'last'
  | 'groupSize'
  | 'lowest'
  | 'highest'
  | 'shift'
  | 'threshold'
  | 'key0'
  | 'key1'
  | 'layer'
  | 'firstNeuron'
  | 'path';

/**
 * The features `first … last − 1` of the recurrence, one invocation for each neuron:
 *
 *     q_t = T( w̃_t + drift_t ),   drift_t = carried_t + Σ_{first≤s<t} F_ts (w̃_s − q_s).
 *
 * `result` is the trail `[3, features, neurons]` of drift, error w̃ − q and code. Its drift comes in as `carried`, the part of all
 * earlier blocks (`carriedDrift`). The block's errors stay in the invocation's own memory.
 * @param operator T, inserted by name. One that only prunes leaves `lowest` and `highest` alone, which then are infinite
 */
export function pathBlock(operator: StochasticOperator): Program<PathBlockInput, PathBlockUniform> {
  return {
    shaderKey: `pathBlock_${BLOCK_FEATURES}_${operator.name}`,
    inputs: ['aligned', 'feedback', 'steps', 'inverseSteps'],
    uniforms: {
      i32: ['features', 'neurons', 'first', 'last', 'groupSize'],
      u32: ['key0', 'key1', 'layer', 'firstNeuron', 'path'],
      f32: ['lowest', 'highest', 'shift', 'threshold'],
    },
    code: blockCode(operator, 'fn isPruned(i : i32) -> bool { return false; }'),
  };
}

/** {@link pathBlock} with weights that are 0 whatever T says: those whose `mask` is 0. */
export function maskedPathBlock(operator: StochasticOperator): Program<PathBlockInput | 'mask', PathBlockUniform> {
  const unmasked = pathBlock(operator);
  return {
    shaderKey: `${unmasked.shaderKey}_masked`,
    inputs: [...unmasked.inputs, 'mask'],
    uniforms: unmasked.uniforms,
    code: blockCode(operator, 'fn isPruned(i : i32) -> bool { return mask[i] == 0.0; }'),
  };
}

/** @param isPruned WGSL: whether weight i is 0 from the start */
function blockCode(operator: StochasticOperator, isPruned: string): string {
  return /* wgsl */ `
    ${philox}
    ${operator.wgsl}
    ${isPruned}

    fn main(neuron : i32) {
      if (neuron >= uniforms.neurons) { return; }
      let plane = uniforms.features * uniforms.neurons;
      var errors : array<f32, ${BLOCK_FEATURES}>;
      var words : vec4<u32>;
      for (var t = uniforms.first; t < uniforms.last; t++) {
        if (t % 4 == 0) { words = wordsAt(t, neuron); } // blocks begin at multiples of 4
        let i = t * uniforms.neurons + neuron;
        var drift = result[i];
        for (var s = uniforms.first; s < t; s++) {
          drift += feedback[t * uniforms.features + s] * errors[s - uniforms.first];
        }
        let group = (t / uniforms.groupSize) * uniforms.neurons + neuron;
        var code = -uniforms.shift;
        if (!isPruned(i)) { code = codeAt(aligned[i] + drift, group, toUniform(words[t % 4])); }
        let error = aligned[i] - steps[group] * (code + uniforms.shift);
        errors[t - uniforms.first] = error;
        result[i] = drift;
        result[plane + i] = error;
        result[2 * plane + i] = code;
      }
    }

    // The random words of features t to t + 3.
    fn wordsAt(t : i32, neuron : i32) -> vec4<u32> {
      let counter = vec4<u32>(u32(t) / 4u, uniforms.firstNeuron + u32(neuron), uniforms.layer, uniforms.path);
      return philox4x32(counter, vec2<u32>(uniforms.key0, uniforms.key1));
    }

    // A step of 0 stands for a set of zero weights. WGSL division is not correctly rounded, hence the inverse.
    fn codeAt(x : f32, group : i32, random : f32) -> f32 {
      if (steps[group] == 0.0) { return 0.0; }
      let perStep = inverseSteps[group];
      return codeOf(x * perStep, random, uniforms.lowest, uniforms.highest, uniforms.shift, uniforms.threshold * perStep);
    }`;
}
