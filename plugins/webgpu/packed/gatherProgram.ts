import {defineProgram} from '../program.ts';
import {joinWgsl} from '../wgslText.ts';
import {WINDOW_UNIFORMS} from './packedUniforms.ts';

/**
 * The windows of images as rows `[rows, groups, groupStride]`, with zeros in the padding and after each group.
 * Features are height, width, channel of a window, as in a flattened kernel. Windows of one pixel write padded
 * images, and images of one pixel give padded rows. One invocation for each number.
 */
export const gatherProgram = defineProgram({
  shaderKey: 'gatherRows',
  inputs: ['x'],
  uniforms: {
    ...WINDOW_UNIFORMS,
    rows: 'i32',
    firstRow: 'i32',
    features: 'i32',
    groupSize: 'i32',
    groups: 'i32',
    groupStride: 'i32',
    height: 'i32',
    width: 'i32',
    channels: 'i32',
    top: 'i32',
    left: 'i32',
  },
  code: joinWgsl(/* wgsl */ `
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
    }`),
});
