// packedDepthwise_sentinel_x_codes_steps_offsets_bias_relu
// buffers: x, codes, steps, offsets, bias
// uniforms: problems : i32, features : i32, neurons : i32, groupSize : i32, groups : i32, runs : i32, perRun : i32, wordsPerRun : i32, bits : u32, letterBits : u32, levels : u32, origin : f32, outHeight : i32, outWidth : i32, kernelWidth : i32, strideY : i32, strideX : i32, dilationY : i32, dilationX : i32, size : i32, height : i32, width : i32, top : i32, left : i32

const KEPT = 1;
const SPAN = 1;
const HAS_SENTINEL = true;

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
  return sum * steps[cell] + plain * offsets[cell];
}

fn epilogue(sum : f32, output : i32) -> f32 {
  return max(sum + bias[output], 0.0);
}

fn main(index : i32) {
  if (index >= uniforms.size) { return; }
  let outputs = uniforms.problems * uniforms.neurons;
  let output = index % outputs;
  let pixel = index / outputs;
  var total = 0.0;
  for (var group = 0; group < uniforms.groups; group++) {
    total += groupOfWindow(pixel, output / uniforms.neurons, group, output % uniforms.neurons);
  }
  result[index] = epilogue(total, output);
}

// What one group of a filter adds to the output of a pixel. Taps in the padding add nothing.
fn groupOfWindow(pixel : i32, channel : i32, group : i32, neuron : i32) -> f32 {
  let image = pixel / (uniforms.outHeight * uniforms.outWidth);
  let top = (pixel / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY - uniforms.top;
  let left = (pixel % uniforms.outWidth) * uniforms.strideX - uniforms.left;
  let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
  let groupOfAll = channel * uniforms.groups + group;
  var sum = 0.0;
  var plain = 0.0;
  for (var k = 0; k < size / SPAN * KEPT; k++) {
    let code = codeAt(groupOfAll, k, neuron);
    let letter = letterOf(code);
    if (isSentinel(letter)) { continue; }
    let tap = group * uniforms.groupSize + k / KEPT * SPAN + positionOf(code);
    let y = top + (tap / uniforms.kernelWidth) * uniforms.dilationY;
    let x0 = left + (tap % uniforms.kernelWidth) * uniforms.dilationX;
    if (y < 0 || y >= uniforms.height || x0 < 0 || x0 >= uniforms.width) { continue; }
    let value = x[((image * uniforms.height + y) * uniforms.width + x0) * uniforms.problems + channel];
    sum += value * (f32(letter) + uniforms.origin);
    plain += value;
  }
  return groupSum(sum, plain, groupOfAll * uniforms.neurons + neuron);
}
