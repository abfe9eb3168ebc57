import {reshape, type Tensor, type Tensor3D, transpose} from '@tensorflow/tfjs-core';
import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {type ConvGeometry, windowSize} from './convGeometry.ts';
import {tapRows} from './tapRows.ts';

/** Depthwise kernels `[height, width, channels, multiplier]`: a matrix `[height · width, multiplier]` per channel. */
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
export function channelRows(images: Tensor, geometry: ConvGeometry, rows: Int32Array): Tensor3D {
  const channels = images.shape[images.rank - 1];
  const byWindow: Tensor3D = reshape(tapRows(images, geometry, rows), [rows.length, windowSize(geometry), channels]);
  return transpose(byWindow, [2, 0, 1]);
}

/** Index of entry i of a channel's matrix in the flattened kernel. */
function kernelIndex(channel: number, i: number, channels: number, multiplier: number): number {
  return (Math.floor(i / multiplier) * channels + channel) * multiplier + (i % multiplier);
}
