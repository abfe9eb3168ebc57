// packedRows_2of4_x_codes_steps_int32
// buffers: x, codes, steps
// uniforms: problems : i32, features : i32, neurons : i32, groupSize : i32, groups : i32, runs : i32, perRun : i32, wordsPerRun : i32, bits : u32, letterBits : u32, levels : u32, origin : f32, size : i32, rows : i32

const KEPT = 2;
const SPAN = 4;
const HAS_SENTINEL = false;

fn letterOf(code : u32) -> u32 { return code & ((1u << uniforms.letterBits) - 1u); }

fn positionOf(code : u32) -> i32 { return i32(code >> uniforms.letterBits); }

// Whether a letter stands for a pruned weight, which has neither step nor offset.
fn isSentinel(letter : u32) -> bool { return HAS_SENTINEL && letter == uniforms.levels; }

fn codeAt(group : i32, k : i32, neuron : i32) -> u32 {
  let run = group * uniforms.runs + k / uniforms.perRun;
  let bit = u32(k % uniforms.perRun) * uniforms.bits;
  let shift = bit % 32u;
  let word = (run * uniforms.wordsPerRun + i32(bit / 32u)) * uniforms.neurons + neuron;
  var code = bitcast<u32>(codes[word]) >> shift;
  if (shift + uniforms.bits > 32u) { code |= bitcast<u32>(codes[word + uniforms.neurons]) << (32u - shift); }
  return code & ((1u << uniforms.bits) - 1u);
}

fn groupSum(sum : f32, plain : f32, cell : i32) -> f32 {
  return sum * steps[cell];
}

fn main(index : i32) {
  if (index >= uniforms.size) { return; }
  let row = i32(x[index / uniforms.neurons]);
  var value = 0.0;
  if (row >= 0 && row < uniforms.rows) { value = weightAt(row, index % uniforms.neurons); }
  result[index] = value;
}

// One of the KEPT codes of a feature's span is its own, or none, if it is pruned.
fn weightAt(row : i32, neuron : i32) -> f32 {
  let t = row % uniforms.features;
  let group = row / uniforms.features * uniforms.groups + t / uniforms.groupSize;
  let inGroup = t % uniforms.groupSize;
  let first = inGroup / SPAN * KEPT;
  for (var k = first; k < first + KEPT; k++) {
    let code = codeAt(group, k, neuron);
    let letter = letterOf(code);
    if (positionOf(code) != inGroup % SPAN || isSentinel(letter)) { continue; }
    return groupSum(f32(letter) + uniforms.origin, 1.0, group * uniforms.neurons + neuron);
  }
  return 0.0;
}
