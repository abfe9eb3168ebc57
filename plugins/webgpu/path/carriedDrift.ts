import type {Program} from '../program.ts';

/**
 * What all earlier blocks add to the drift of the features `first … last − 1`: a panel of the product F·E,
 *
 *     drift_t = Σ_{s<first} F_ts (w̃_s − q_s).
 *
 * One invocation for four neighbouring features of a neuron ({@link carriedDriftInvocations}):
 * faster on SwiftShader than one invocation for each entry, and no slower than `tf.matMul` of slices; not yet measured on a GPU.
 * `result` is the trail of `pathBlock`, of which this reads errors and writes drift, without copies. The first block starts from 0.
 */
export const carriedDrift: Program<'feedback', 'features' | 'neurons' | 'first' | 'last'> = {
  shaderKey: 'carriedDrift',
  inputs: ['feedback'],
  uniforms: {i32: ['features', 'neurons', 'first', 'last']},
  code: /* wgsl */ `
    fn main(index : i32) {
      let t = uniforms.first + 4 * (index / uniforms.neurons);
      let neuron = index % uniforms.neurons;
      if (t >= uniforms.last) { return; }
      let plane = uniforms.features * uniforms.neurons;
      let rows = uniforms.features * min(t + vec4<i32>(0, 1, 2, 3), vec4<i32>(uniforms.last - 1));
      var drift = vec4<f32>();
      for (var s = 0; s < uniforms.first; s++) {
        let error = result[plane + s * uniforms.neurons + neuron];
        drift += error * vec4<f32>(feedback[rows.x + s], feedback[rows.y + s], feedback[rows.z + s], feedback[rows.w + s]);
      }
      for (var row = 0; row < min(4, uniforms.last - t); row++) {
        result[(t + row) * uniforms.neurons + neuron] = drift[row];
      }
    }`,
};

/** How many invocations {@link carriedDrift} needs for a block of so many features. */
export function carriedDriftInvocations(features: number, neurons: number): number {
  return Math.ceil(features / 4) * neurons;
}
