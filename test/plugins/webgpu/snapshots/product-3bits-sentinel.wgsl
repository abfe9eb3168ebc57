// packedProduct_3_3_sentinel_x_codes_steps_offsets_linear_rows_full_1_1_1
// buffers: x (vec4<f32>), codes, steps, offsets
// uniforms: problems : i32, features : i32, neurons : i32, groupSize : i32, groups : i32, runs : i32, perRun : i32, wordsPerRun : i32, bits : u32, letterBits : u32, levels : u32, origin : f32, outHeight : i32, outWidth : i32, kernelWidth : i32, strideY : i32, strideX : i32, dilationY : i32, dilationX : i32, rows : i32, firstRow : i32, rowStride : i32, groupStride : i32, imageStride : i32, lineStride : i32, pixelStride : i32

fn main(index : i32) {
  let columns = (uniforms.neurons + 0) / 1;
  let column = index % columns;
  let block = index / columns;
  let live = block * 1 < uniforms.rows;
  if (!live) { return; }
  let firstRun = 0;
  let lastRun = uniforms.groups * uniforms.runs;
  let row0 = min(block * 1 + 0, uniforms.rows - 1) * uniforms.rowStride;
  let neuron0 = min(column + 0 * columns, uniforms.neurons - 1);
  var total0_0 = 0.0;
  for (var group = firstRun / uniforms.runs; group * uniforms.runs < lastRun; group++) {
    let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
    let kept = size;
    let end = min(lastRun - group * uniforms.runs, (kept + 31) / 32);
    var run = max(firstRun - group * uniforms.runs, 0);
    var sum0_0 = 0.0; var plain0_0 = 0.0;
    var at = group * uniforms.groupStride + run * 8;
    for (; run < end; run++) {
      let first = run * 32;
      let line = (group * uniforms.runs + run) * 3 * uniforms.neurons;
      let word0_0 = bitcast<u32>(codes[line + 0 * uniforms.neurons + neuron0]);
      let word1_0 = bitcast<u32>(codes[line + 1 * uniforms.neurons + neuron0]);
      let word2_0 = bitcast<u32>(codes[line + 2 * uniforms.neurons + neuron0]);
      {
        let x0 = x[row0 + at + 0];
        let code0 = vec4<u32>((word0_0 & 7u), ((word0_0 >> 3u) & 7u), ((word0_0 >> 6u) & 7u), ((word0_0 >> 9u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 1];
        let code0 = vec4<u32>(((word0_0 >> 12u) & 7u), ((word0_0 >> 15u) & 7u), ((word0_0 >> 18u) & 7u), ((word0_0 >> 21u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 2];
        let code0 = vec4<u32>(((word0_0 >> 24u) & 7u), ((word0_0 >> 27u) & 7u), (((word0_0 >> 30u) | (word1_0 << 2u)) & 7u), ((word1_0 >> 1u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 3];
        let code0 = vec4<u32>(((word1_0 >> 4u) & 7u), ((word1_0 >> 7u) & 7u), ((word1_0 >> 10u) & 7u), ((word1_0 >> 13u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 4];
        let code0 = vec4<u32>(((word1_0 >> 16u) & 7u), ((word1_0 >> 19u) & 7u), ((word1_0 >> 22u) & 7u), ((word1_0 >> 25u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 5];
        let code0 = vec4<u32>(((word1_0 >> 28u) & 7u), (((word1_0 >> 31u) | (word2_0 << 1u)) & 7u), ((word2_0 >> 2u) & 7u), ((word2_0 >> 5u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 6];
        let code0 = vec4<u32>(((word2_0 >> 8u) & 7u), ((word2_0 >> 11u) & 7u), ((word2_0 >> 14u) & 7u), ((word2_0 >> 17u) & 7u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      {
        let x0 = x[row0 + at + 7];
        let code0 = vec4<u32>(((word2_0 >> 20u) & 7u), ((word2_0 >> 23u) & 7u), ((word2_0 >> 26u) & 7u), (word2_0 >> 29u));
        let keep0 = select(vec4<f32>(1.0), vec4<f32>(), code0 == vec4<u32>(uniforms.levels));
        let z0 = keep0 * (vec4<f32>(code0) + uniforms.origin);
        sum0_0 += dot(x0, z0); plain0_0 += dot(x0, keep0);
      }
      at += 8;
    }
    let cell0 = group * uniforms.neurons + neuron0;
    total0_0 += sum0_0 * steps[cell0] + plain0_0 * offsets[cell0];
  }
  if (live && block * 1 + 0 < uniforms.rows && column + 0 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 1 + 0) * uniforms.neurons + neuron0] = total0_0;
  }
}
