import type {Program} from '../program.ts';

/** Numbers of {@link gatherRows}. */
export type GatherUniform =
  | 'rows'
  | 'firstRow'
  | 'features'
  | 'groupSize'
  | 'groups'
  | 'groupStride'
  | 'height'
  | 'width'
  | 'channels'
  | 'outHeight'
  | 'outWidth'
  | 'kernelWidth'
  | 'strideY'
  | 'strideX'
  | 'dilationY'
  | 'dilationX'
  | 'top'
  | 'left';

/**
 * The windows of images as rows `[rows, groups, groupStride]`, zeros in the padding and behind each group: features are height, width,
 * channel of a window, as in a kernel that is flattened. A window of one pixel pads images; images of one pixel pad rows.
 * One invocation for each number.
 */
export const gatherRows: Program<'x', GatherUniform> = {
  shaderKey: 'gatherRows',
  inputs: ['x'],
  uniforms: {
    i32: [
      'rows',
      'firstRow',
      'features',
      'groupSize',
      'groups',
      'groupStride',
      'height',
      'width',
      'channels',
      'outHeight',
      'outWidth',
      'kernelWidth',
      'strideY',
      'strideX',
      'dilationY',
      'dilationX',
      'top',
      'left',
    ],
  },
  code: /* wgsl */ `
    fn main(index : i32) {
      let rowSize = uniforms.groups * uniforms.groupStride;
      let row = index / rowSize;
      if (row >= uniforms.rows) { return; }
      let inGroup = index % uniforms.groupStride;
      let t = (index % rowSize) / uniforms.groupStride * uniforms.groupSize + inGroup;
      let pixel = uniforms.firstRow + row;
      let tap = t / uniforms.channels;
      let y = (pixel / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY + (tap / uniforms.kernelWidth) * uniforms.dilationY - uniforms.top;
      let x0 = (pixel % uniforms.outWidth) * uniforms.strideX + (tap % uniforms.kernelWidth) * uniforms.dilationX - uniforms.left;
      var value = 0.0;
      if (inGroup < uniforms.groupSize && t < uniforms.features && y >= 0 && y < uniforms.height && x0 >= 0 && x0 < uniforms.width) {
        let image = pixel / (uniforms.outHeight * uniforms.outWidth);
        value = x[((image * uniforms.height + y) * uniforms.width + x0) * uniforms.channels + t % uniforms.channels];
      }
      result[index] = value;
    }`,
};
