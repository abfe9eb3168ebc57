import {defineProgram} from '../program.ts';
import {joinWgsl} from '../wgslText.ts';
import {pathState} from './pathState.ts';

/**
 * What the errors of all earlier blocks add to the drift of the features `first … last − 1`: these rows of the
 * product F·E,
 *
 *     drift_t = Σ_{s<first} F_ts (w̃_s − q_s).
 *
 * One invocation computes four neighbouring features of a neuron ({@link carriedDriftInvocations}). On SwiftShader
 * this is faster than one invocation per entry, and no slower than `tf.matMul` of slices; it is not yet measured on a
 * GPU. `result` is the path state: its errors are read and its drift is written, without copies. The first block
 * starts from 0.
 */
export const carriedDrift = defineProgram({
  shaderKey: 'carriedDrift',
  inputs: ['feedback'],
  uniforms: {features: 'i32', neurons: 'i32', first: 'i32', last: 'i32'},
  code: joinWgsl(
    pathState,
    /* wgsl */ `
    fn main(index : i32) {
      let t = uniforms.first + 4 * (index / uniforms.neurons);
      let neuron = index % uniforms.neurons;
      if (t >= uniforms.last) { return; }
      // Features past the end of the block repeat its last one.
      let rows = uniforms.features * min(t + vec4<i32>(0, 1, 2, 3), vec4<i32>(uniforms.last - 1));
      let firstError = stateIndex(ERROR, 0, neuron);
      var drift = vec4<f32>();
      for (var s = 0; s < uniforms.first; s++) {
        let i = rows + s;
        let factors = vec4<f32>(feedback[i.x], feedback[i.y], feedback[i.z], feedback[i.w]); // F_ts
        drift += result[firstError + s * uniforms.neurons] * factors;
      }
      for (var row = 0; row < min(4, uniforms.last - t); row++) {
        result[stateIndex(DRIFT, t + row, neuron)] = drift[row];
      }
    }`,
  ),
});

/** How many invocations {@link carriedDrift} needs for a block of this many features. */
export function carriedDriftInvocations(features: number, neurons: number): number {
  return Math.ceil(features / 4) * neurons;
}
