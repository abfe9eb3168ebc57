// carriedDrift
// buffers: feedback
// uniforms: features : i32, neurons : i32, first : i32, last : i32

const DRIFT = 0;
const ERROR = 1;
const CODE = 2;

fn stateIndex(plane : i32, t : i32, neuron : i32) -> i32 {
  return (plane * uniforms.features + t) * uniforms.neurons + neuron;
}

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
}
