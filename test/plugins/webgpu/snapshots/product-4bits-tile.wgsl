// packedProduct_4_4_none_x_codes_steps_offsets_bias_relu_rows_broken_2_2_1
// buffers: x (vec4<f32>), codes, steps, offsets, bias
// uniforms: problems : i32, features : i32, neurons : i32, groupSize : i32, groups : i32, runs : i32, perRun : i32, wordsPerRun : i32, bits : u32, letterBits : u32, levels : u32, origin : f32, outHeight : i32, outWidth : i32, kernelWidth : i32, strideY : i32, strideX : i32, dilationY : i32, dilationX : i32, rows : i32, firstRow : i32, rowStride : i32, groupStride : i32, imageStride : i32, lineStride : i32, pixelStride : i32

fn main(index : i32) {
  let columns = (uniforms.neurons + 1) / 2;
  let column = index % columns;
  let block = index / columns;
  let live = block * 2 < uniforms.rows;
  if (!live) { return; }
  let firstRun = 0;
  let lastRun = uniforms.groups * uniforms.runs;
  let row0 = min(block * 2 + 0, uniforms.rows - 1) * uniforms.rowStride;
  let row1 = min(block * 2 + 1, uniforms.rows - 1) * uniforms.rowStride;
  let neuron0 = min(column + 0 * columns, uniforms.neurons - 1);
  let neuron1 = min(column + 1 * columns, uniforms.neurons - 1);
  var total0_0 = 0.0;
  var total0_1 = 0.0;
  var total1_0 = 0.0;
  var total1_1 = 0.0;
  for (var group = firstRun / uniforms.runs; group * uniforms.runs < lastRun; group++) {
    let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
    let kept = size;
    let end = min(lastRun - group * uniforms.runs, (kept + 7) / 8);
    var run = max(firstRun - group * uniforms.runs, 0);
    var sum0_0 = 0.0; var plain0_0 = 0.0;
    var sum0_1 = 0.0; var plain0_1 = 0.0;
    var sum1_0 = 0.0; var plain1_0 = 0.0;
    var sum1_1 = 0.0; var plain1_1 = 0.0;
    var at = group * uniforms.groupStride + run * 2;
    for (; run < end; run++) {
      let first = run * 8;
      let line = (group * uniforms.runs + run) * 1 * uniforms.neurons;
      let word0_0 = bitcast<u32>(codes[line + 0 * uniforms.neurons + neuron0]);
      let word0_1 = bitcast<u32>(codes[line + 0 * uniforms.neurons + neuron1]);
      if (first + 0 < kept) {
        let x0 = x[row0 + at + 0];
        let x1 = x[row1 + at + 0];
        let code0 = ((vec4<u32>(word0_0) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u));
        let z0 = (vec4<f32>(code0) + uniforms.origin);
        let code1 = ((vec4<u32>(word0_1) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u));
        let z1 = (vec4<f32>(code1) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, vec4<f32>(1.0));
        sum0_1 += dot(x0, z1); plain0_1 += dot(x0, vec4<f32>(1.0));
        sum1_0 += dot(x1, z0); plain1_0 += dot(x1, vec4<f32>(1.0));
        sum1_1 += dot(x1, z1); plain1_1 += dot(x1, vec4<f32>(1.0));
      }
      if (first + 4 < kept) {
        let x0 = x[row0 + at + 1];
        let x1 = x[row1 + at + 1];
        let code0 = ((vec4<u32>(word0_0) >> vec4<u32>(16u, 20u, 24u, 28u)) & vec4<u32>(15u));
        let z0 = (vec4<f32>(code0) + uniforms.origin);
        let code1 = ((vec4<u32>(word0_1) >> vec4<u32>(16u, 20u, 24u, 28u)) & vec4<u32>(15u));
        let z1 = (vec4<f32>(code1) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, vec4<f32>(1.0));
        sum0_1 += dot(x0, z1); plain0_1 += dot(x0, vec4<f32>(1.0));
        sum1_0 += dot(x1, z0); plain1_0 += dot(x1, vec4<f32>(1.0));
        sum1_1 += dot(x1, z1); plain1_1 += dot(x1, vec4<f32>(1.0));
      }
      at += 2;
    }
    let cell0 = group * uniforms.neurons + neuron0;
    let cell1 = group * uniforms.neurons + neuron1;
    total0_0 += sum0_0 * steps[cell0] + plain0_0 * offsets[cell0];
    total0_1 += sum0_1 * steps[cell1] + plain0_1 * offsets[cell1];
    total1_0 += sum1_0 * steps[cell0] + plain1_0 * offsets[cell0];
    total1_1 += sum1_1 * steps[cell1] + plain1_1 * offsets[cell1];
  }
  if (live && block * 2 + 0 < uniforms.rows && column + 0 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 2 + 0) * uniforms.neurons + neuron0] = max(total0_0 + bias[neuron0], 0.0);
  }
  if (live && block * 2 + 0 < uniforms.rows && column + 1 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 2 + 0) * uniforms.neurons + neuron1] = max(total0_1 + bias[neuron1], 0.0);
  }
  if (live && block * 2 + 1 < uniforms.rows && column + 0 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 2 + 1) * uniforms.neurons + neuron0] = max(total1_0 + bias[neuron0], 0.0);
  }
  if (live && block * 2 + 1 < uniforms.rows && column + 1 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 2 + 1) * uniforms.neurons + neuron1] = max(total1_1 + bias[neuron1], 0.0);
  }
}
