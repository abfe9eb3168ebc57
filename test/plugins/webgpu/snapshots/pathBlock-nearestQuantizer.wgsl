// pathBlock_128_nearestQuantizer
// buffers: aligned, feedback, steps, inverseSteps
// uniforms: features : i32, neurons : i32, first : i32, last : i32, groupSize : i32, key0 : u32, key1 : u32, layer : u32, firstNeuron : u32, path : u32, lowest : f32, highest : f32, shift : f32, threshold : f32

const PHILOX_ROUNDS = 10;
const PHILOX_MULTIPLIERS = vec2<u32>(0xd2511f53u, 0xcd9e8d57u);
const PHILOX_KEY_STEPS = vec2<u32>(0x9e3779b9u, 0xbb67ae85u);

fn philox4x32(counter : vec4<u32>, key : vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0; round < PHILOX_ROUNDS; round++) {
    let high0 = multiplyHigh(PHILOX_MULTIPLIERS.x, c.x);
    let low0 = PHILOX_MULTIPLIERS.x * c.x;
    let high1 = multiplyHigh(PHILOX_MULTIPLIERS.y, c.z);
    let low1 = PHILOX_MULTIPLIERS.y * c.z;
    c = vec4<u32>(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
    k += PHILOX_KEY_STEPS;
  }
  return c;
}

// The upper word of the 64-bit product; no partial sum reaches 2^32.
fn multiplyHigh(a : u32, b : u32) -> u32 {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
  let carry = (middle & 0xffffu) + aLow * bHigh;
  return aHigh * bHigh + (middle >> 16u) + (carry >> 16u);
}

// The upper 24 bits of a word as a number in [0, 1), exact in f32.
fn toUniform(word : u32) -> f32 {
  return f32(word >> 8u) * 0x1p-24;
}

const DRIFT = 0;
const ERROR = 1;
const CODE = 2;

fn stateIndex(plane : i32, t : i32, neuron : i32) -> i32 {
  return (plane * uniforms.features + t) * uniforms.neurons + neuron;
}

fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
  return clamp(floor(y - shift + 0.5), lowest, highest);
}

fn isPruned(i : i32) -> bool { return false; }

const BLOCK_FEATURES = 128;

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
}
