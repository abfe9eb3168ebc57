import {BLOCK_FEATURES} from '../../../src/numerics/linalg/blocks.ts';
import type {StochasticOperator} from '../../../src/numerics/stochastic/stochasticOperator.ts';
import type {Program, UniformTypes} from '../program.ts';
import {joinWgsl} from '../wgslText.ts';
import {pathState} from './pathState.ts';
import {philox} from './philox.ts';

/** Buffers of {@link pathBlock}. */
export type PathBlockInput = 'aligned' | 'feedback' | 'steps' | 'inverseSteps';

const UNIFORMS = {
  features: 'i32',
  neurons: 'i32',
  first: 'i32',
  last: 'i32',
  groupSize: 'i32',
  key0: 'u32',
  key1: 'u32',
  layer: 'u32',
  firstNeuron: 'u32',
  path: 'u32',
  lowest: 'f32',
  highest: 'f32',
  shift: 'f32',
  threshold: 'f32',
} satisfies UniformTypes;

/** Numbers of {@link pathBlock}. */
export type PathBlockUniform = keyof typeof UNIFORMS;

/**
 * Follows the path through the features `first … last − 1`, one invocation for each neuron:
 *
 *     q_t = T( w̃_t + drift_t ),   drift_t = carried_t + Σ_{first≤s<t} F_ts (w̃_s − q_s).
 *
 * `result` is the path state `[3, features, neurons]` of drift, error w̃ − q and code. On entry its drift is
 * `carried`, the part of all earlier blocks (`carriedDrift`). The block's errors stay in the invocation's own memory.
 * @param operator T, whose WGSL is a function of the program. One that only prunes reads neither `lowest` nor
 * `highest`, which then are infinite
 */
export function pathBlock(operator: StochasticOperator): Program<PathBlockInput, PathBlockUniform> {
  return {
    shaderKey: `pathBlock_${BLOCK_FEATURES}_${operator.name}`,
    inputs: ['aligned', 'feedback', 'steps', 'inverseSteps'],
    uniforms: UNIFORMS,
    code: joinWgsl(philox, pathState, operator.wgsl, NOTHING_PRUNED, main),
  };
}

/** {@link pathBlock} where weights whose `mask` is 0 become 0 without asking T. */
export function maskedPathBlock(operator: StochasticOperator): Program<PathBlockInput | 'mask', PathBlockUniform> {
  return {
    shaderKey: `pathBlock_${BLOCK_FEATURES}_${operator.name}_masked`,
    inputs: ['aligned', 'feedback', 'steps', 'inverseSteps', 'mask'],
    uniforms: UNIFORMS,
    code: joinWgsl(philox, pathState, operator.wgsl, MASKED, main),
  };
}

const NOTHING_PRUNED = /* wgsl */ `
  fn isPruned(i : i32) -> bool { return false; }`;

const MASKED = /* wgsl */ `
  fn isPruned(i : i32) -> bool { return mask[i] == 0.0; }`;

const main = /* wgsl */ `
  const BLOCK_FEATURES = ${BLOCK_FEATURES};

  fn main(neuron : i32) {
    if (neuron >= uniforms.neurons) { return; }
    var errors : array<f32, BLOCK_FEATURES>;
    var words : vec4<u32>;
    for (var t = uniforms.first; t < uniforms.last; t++) {
      if (t % 4 == 0) { words = randomWords(t, neuron); } // blocks begin at multiples of 4
      var drift = result[stateIndex(DRIFT, t, neuron)];
      for (var s = uniforms.first; s < t; s++) {
        drift += feedback[t * uniforms.features + s] * errors[s - uniforms.first];
      }
      let i = t * uniforms.neurons + neuron;
      let group = (t / uniforms.groupSize) * uniforms.neurons + neuron;
      var code = -uniforms.shift; // the code of 0
      if (!isPruned(i)) { code = chooseCode(aligned[i] + drift, group, toUniform(words[t % 4])); }
      let error = aligned[i] - steps[group] * (code + uniforms.shift);
      errors[t - uniforms.first] = error;
      result[stateIndex(DRIFT, t, neuron)] = drift;
      result[stateIndex(ERROR, t, neuron)] = error;
      result[stateIndex(CODE, t, neuron)] = code;
    }
  }

  // The random words of features t to t + 3.
  fn randomWords(t : i32, neuron : i32) -> vec4<u32> {
    let counter = vec4<u32>(u32(t) / 4u, uniforms.firstNeuron + u32(neuron), uniforms.layer, uniforms.path);
    return philox4x32(counter, vec2<u32>(uniforms.key0, uniforms.key1));
  }

  // The code of T(x). A step of 0 stands for a group of zero weights.
  // WGSL division is not correctly rounded: x is multiplied by the inverse of the step.
  fn chooseCode(x : f32, group : i32, random : f32) -> f32 {
    if (steps[group] == 0.0) { return 0.0; }
    let perStep = inverseSteps[group];
    let deadZone = uniforms.threshold * perStep;
    return codeOf(x * perStep, random, uniforms.lowest, uniforms.highest, uniforms.shift, deadZone);
  }`;
