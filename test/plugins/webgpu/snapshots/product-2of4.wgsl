// packedProduct_6_4_2of4_x_codes_steps_bias_linear_rows_full_1_1_1
// buffers: x, codes, steps, bias
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
    let kept = size / 4 * 2;
    let end = min(lastRun - group * uniforms.runs, (kept + 15) / 16);
    var run = max(firstRun - group * uniforms.runs, 0);
    var sum0_0 = 0.0;
    var at = group * uniforms.groupStride + run * 0;
    for (; run < end; run++) {
      let first = run * 16;
      let line = (group * uniforms.runs + run) * 3 * uniforms.neurons;
      let word0_0 = bitcast<u32>(codes[line + 0 * uniforms.neurons + neuron0]);
      let word1_0 = bitcast<u32>(codes[line + 1 * uniforms.neurons + neuron0]);
      let word2_0 = bitcast<u32>(codes[line + 2 * uniforms.neurons + neuron0]);
      {
        let block0 = at + (first + 0) / 2 * 4;
        let code0 = (word0_0 & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block0 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block1 = at + (first + 1) / 2 * 4;
        let code0 = ((word0_0 >> 6u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block1 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block2 = at + (first + 2) / 2 * 4;
        let code0 = ((word0_0 >> 12u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block2 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block3 = at + (first + 3) / 2 * 4;
        let code0 = ((word0_0 >> 18u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block3 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block4 = at + (first + 4) / 2 * 4;
        let code0 = ((word0_0 >> 24u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block4 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block5 = at + (first + 5) / 2 * 4;
        let code0 = (((word0_0 >> 30u) | (word1_0 << 2u)) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block5 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block6 = at + (first + 6) / 2 * 4;
        let code0 = ((word1_0 >> 4u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block6 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block7 = at + (first + 7) / 2 * 4;
        let code0 = ((word1_0 >> 10u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block7 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block8 = at + (first + 8) / 2 * 4;
        let code0 = ((word1_0 >> 16u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block8 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block9 = at + (first + 9) / 2 * 4;
        let code0 = ((word1_0 >> 22u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block9 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block10 = at + (first + 10) / 2 * 4;
        let code0 = (((word1_0 >> 28u) | (word2_0 << 4u)) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block10 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block11 = at + (first + 11) / 2 * 4;
        let code0 = ((word2_0 >> 2u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block11 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block12 = at + (first + 12) / 2 * 4;
        let code0 = ((word2_0 >> 8u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block12 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block13 = at + (first + 13) / 2 * 4;
        let code0 = ((word2_0 >> 14u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block13 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block14 = at + (first + 14) / 2 * 4;
        let code0 = ((word2_0 >> 20u) & 63u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block14 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      {
        let block15 = at + (first + 15) / 2 * 4;
        let code0 = (word2_0 >> 26u);
        let z0 = f32((code0 & 15u)) + uniforms.origin;
        let t0 = block15 + i32(code0 >> 4u);
        {
          let value = x[row0 + t0];
          sum0_0 += value * z0;
        }
      }
      at += 0;
    }
    let cell0 = group * uniforms.neurons + neuron0;
    total0_0 += sum0_0 * steps[cell0];
  }
  if (live && block * 1 + 0 < uniforms.rows && column + 0 * columns < uniforms.neurons) {
    result[(uniforms.firstRow + block * 1 + 0) * uniforms.neurons + neuron0] = total0_0 + bias[neuron0];
  }
}
