import {expandDims, pad, reshape, type Tensor4D, tidy} from '@tensorflow/tfjs-core';
import {PACKED_CONV2D, packedConv2d} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import {type PackedOpRoute, singleKernel} from '../adapter/singleKernel.ts';
import {transposedMatrix} from '../matrices/transposedMatrix.ts';
import {type ConvGeometry, outputPositions, packedWindows, transposedGeometry} from './convGeometry.ts';
import {channelsLast, filtersOf, toDataFormat, windowShape} from './convOptions.ts';
import {tapRows} from './tapRows.ts';

/**
 * Conv3DTranspose: kernel `[depth, height, width, neurons, channels]`; a feature is one entry of a window over the
 * input with zeros inserted between its entries.
 */
export const conv3dTranspose = transposedConvolution('Conv3DTranspose');

/** Conv2DTranspose: kernel `[height, width, neurons, channels]`; packed, a convolution over the input with zeros. */
export const conv2dTranspose = transposedConvolution('Conv2DTranspose', {
  op: PACKED_CONV2D,
  run(layer, input, operand, epilogue) {
    const geometry = transposedGeometry(layer, input.shape);
    const images = insertZeros(requireRank(channelsLast(layer, input), 4), geometry);
    return toDataFormat(layer, packedConv2d(images, operand, packedWindows(geometry), epilogue));
  },
});

function transposedConvolution(className: string, packed?: PackedOpRoute): LayerAdapter {
  return singleKernel({
    className,
    ...transposedMatrix,

    positions: (layer, inputShape) => outputPositions(transposedGeometry(layer, inputShape)),

    columns: (layer, input, rows) =>
      tidy(() => expandDims(tapRows(channelsLast(layer, input), transposedGeometry(layer, input.shape), rows), 0)),

    kernelShape(layer, inputShape) {
      const window = windowShape(layer, inputShape);
      return [...window.slice(0, -1), filtersOf(layer), window[window.length - 1]];
    },

    ...(packed && {packed}),
  });
}

/** Images with `spacing` − 1 zeros after each row and column. */
function insertZeros(images: Tensor4D, [{spacing: down}, {spacing: across}]: ConvGeometry): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const columns = padThirdAxis(reshape(images, [batch * height, width, 1, channels]), across - 1);
  const rows = padThirdAxis(reshape(columns, [batch, height, 1, width * across * channels]), down - 1);
  return reshape(rows, [batch, height * down, width * across, channels]);
}

function padThirdAxis(tensor: Tensor4D, zeros: number): Tensor4D {
  return pad(tensor, [
    [0, 0],
    [0, 0],
    [0, zeros],
    [0, 0],
  ]);
}
