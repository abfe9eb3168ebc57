// packedProduct_4_4_none_x_codes_steps_relu6_windows_full_1_1_8
// buffers: x (vec4<f32>), codes, steps
// uniforms: problems : i32, features : i32, neurons : i32, groupSize : i32, groups : i32, runs : i32, perRun : i32, wordsPerRun : i32, bits : u32, letterBits : u32, levels : u32, origin : f32, outHeight : i32, outWidth : i32, kernelWidth : i32, strideY : i32, strideX : i32, dilationY : i32, dilationX : i32, rows : i32, firstRow : i32, rowStride : i32, groupStride : i32, imageStride : i32, lineStride : i32, pixelStride : i32

var<workgroup> partial : array<f32, 256>;
fn main(index : i32) {
  let columns = (uniforms.neurons + 0) / 1;
  let tiles = (columns + 31) / 32;
  let tile = index / 256;
  let invocation = index % 256;
  let slice = invocation / 32;
  let column = (tile % tiles) * 32 + invocation % 32;
  let block = tile / tiles;
  let live = slice == 0 && column < columns && block * 1 < uniforms.rows;
  let firstRun = slice * uniforms.groups * uniforms.runs / 8;
  let lastRun = (slice + 1) * uniforms.groups * uniforms.runs / 8;
  let row0 = (min(block * 1 + 0, uniforms.rows - 1) / (uniforms.outHeight * uniforms.outWidth)) * uniforms.imageStride
  + (min(block * 1 + 0, uniforms.rows - 1) / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY * uniforms.lineStride
  + (min(block * 1 + 0, uniforms.rows - 1) % uniforms.outWidth) * uniforms.strideX * uniforms.pixelStride;
  let neuron0 = min(column + 0 * columns, uniforms.neurons - 1);
  var total0_0 = 0.0;
  for (var group = firstRun / uniforms.runs; group * uniforms.runs < lastRun; group++) {
    let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
    let kept = size;
    let end = min(lastRun - group * uniforms.runs, (kept + 7) / 8);
    var run = max(firstRun - group * uniforms.runs, 0);
    var sum0_0 = 0.0;
    var tap = (group * uniforms.groupStride + run * 2) / uniforms.pixelStride;
    var channel = (group * uniforms.groupStride + run * 2) % uniforms.pixelStride;
    var at = channel + (tap / uniforms.kernelWidth) * uniforms.dilationY * uniforms.lineStride + (tap % uniforms.kernelWidth) * uniforms.dilationX * uniforms.pixelStride;
    for (; run < end; run++) {
      let first = run * 8;
      let line = (group * uniforms.runs + run) * 1 * uniforms.neurons;
      let word0_0 = bitcast<u32>(codes[line + 0 * uniforms.neurons + neuron0]);
      {
        let x0 = x[row0 + at + 0];
        let code0 = ((vec4<u32>(word0_0) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u));
        let z0 = (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0);
      }
      {
        let x0 = x[row0 + at + 1];
        let code0 = ((vec4<u32>(word0_0) >> vec4<u32>(16u, 20u, 24u, 28u)) & vec4<u32>(15u));
        let z0 = (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0);
      }
      at += 2;
      channel += 2;
      if (channel == uniforms.pixelStride) {
        channel = 0;
        tap++;
        at = (tap / uniforms.kernelWidth) * uniforms.dilationY * uniforms.lineStride + (tap % uniforms.kernelWidth) * uniforms.dilationX * uniforms.pixelStride;
      }
    }
    let cell0 = group * uniforms.neurons + neuron0;
    total0_0 += sum0_0 * steps[cell0];
  }
  partial[0 + invocation] = total0_0;
  workgroupBarrier();
  if (live) {
    for (var other = 1; other < 8; other++) {
      total0_0 += partial[0 + other * 32 + invocation];
    }
  }
  if (live && block * 1 + 0 < uniforms.rows && column + 0 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 1 + 0) * uniforms.neurons + neuron0] = clamp(total0_0, 0.0, 6.0);
  }
}
