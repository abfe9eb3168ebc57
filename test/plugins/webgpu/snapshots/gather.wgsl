// gatherRows
// buffers: x
// uniforms: outHeight : i32, outWidth : i32, kernelWidth : i32, strideY : i32, strideX : i32, dilationY : i32, dilationX : i32, rows : i32, firstRow : i32, features : i32, groupSize : i32, groups : i32, groupStride : i32, height : i32, width : i32, channels : i32, top : i32, left : i32

fn main(index : i32) {
  let rowSize = uniforms.groups * uniforms.groupStride;
  let row = index / rowSize;
  if (row >= uniforms.rows) { return; }
  let inGroup = index % uniforms.groupStride;
  let t = (index % rowSize) / uniforms.groupStride * uniforms.groupSize + inGroup;
  var value = 0.0;
  if (inGroup < uniforms.groupSize && t < uniforms.features) { value = valueAt(uniforms.firstRow + row, t); }
  result[index] = value;
}

// Feature t of the window of an output pixel; 0 in the padding.
fn valueAt(pixel : i32, t : i32) -> f32 {
  let image = pixel / (uniforms.outHeight * uniforms.outWidth);
  let top = (pixel / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY - uniforms.top;
  let left = (pixel % uniforms.outWidth) * uniforms.strideX - uniforms.left;
  let tap = t / uniforms.channels;
  let y = top + (tap / uniforms.kernelWidth) * uniforms.dilationY;
  let x0 = left + (tap % uniforms.kernelWidth) * uniforms.dilationX;
  if (y < 0 || y >= uniforms.height || x0 < 0 || x0 >= uniforms.width) { return 0.0; }
  return x[((image * uniforms.height + y) * uniforms.width + x0) * uniforms.channels + t % uniforms.channels];
}
