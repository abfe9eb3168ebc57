import {reshape, type Tensor3D, type Tensor4D, transpose} from '@tensorflow/tfjs-core';
import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {windowRows, type Windows} from './windows.ts';

/** Depthwise kernels `[height, width, channels, multiplier]`: one problem `[height · width, multiplier]` for each channel. */
export const channelMatrices = {
  toMatrices(kernel: ArrayLike<number>, [height, width, channels, multiplier]: readonly number[]): Matrix[] {
    const features = height * width;
    return Array.from({length: channels}, (_, c) =>
      matrix(
        features,
        multiplier,
        Float64Array.from({length: features * multiplier}, (__, i) => kernel[kernelIndex(c, i, channels, multiplier)]),
      ),
    );
  },

  matrixCount: (shape: readonly number[]): number => shape[2],

  features: ([height, width]: readonly number[]): number => height * width,

  neurons: (shape: readonly number[]): number => shape[3],

  fromMatrices(matrices: readonly Matrix[], [height, width, channels, multiplier]: readonly number[]): Float32Array {
    const kernel = new Float32Array(height * width * channels * multiplier);
    matrices.forEach(({data}, c) => {
      data.forEach((value, i) => {
        kernel[kernelIndex(c, i, channels, multiplier)] = value;
      });
    });
    return kernel;
  },
};

/**
 * Rows of X of a depthwise kernel.
 * @param images `[batch, height, width, channels]`
 * @returns `[channels, rows, kernelHeight · kernelWidth]`
 */
export function channelRows(images: Tensor4D, windows: Windows, rows: Int32Array): Tensor3D {
  const [height, width] = windows.kernel;
  const byWindow: Tensor3D = reshape(windowRows(images, windows, rows), [rows.length, height * width, images.shape[3]]);
  return transpose(byWindow, [2, 0, 1]);
}

/** Entry i of channel c's matrix, as a place in the flattened kernel. */
function kernelIndex(channel: number, i: number, channels: number, multiplier: number): number {
  return (Math.floor(i / multiplier) * channels + channel) * multiplier + (i % multiplier);
}
