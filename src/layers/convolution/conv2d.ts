import {expandDims, tidy} from '@tensorflow/tfjs-core';
import {PACKED_CONV2D, packedConv2d} from '../../ops/packed/packedOps.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {channelsLast, filtersOf, inputFormat, kernelShapeOf, windowRows, windowsOf} from './windows.ts';

/** Conv2D: kernel `[height, width, channels, neurons]`, a feature is one entry of a window. */
export const conv2d = singleKernel({
  className: 'Conv2D',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions(layer, inputShape) {
    const {outHeight, outWidth} = windowsOf(layer, inputShape);
    return outHeight * outWidth;
  },

  columns: (layer, input, rows) =>
    tidy(() => expandDims(windowRows(channelsLast(layer, input), windowsOf(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [...kernelShapeOf(layer, inputShape), filtersOf(layer)],

  packed: {
    op: PACKED_CONV2D,
    run: (layer, input, operand, epilogue) =>
      inputFormat(layer, packedConv2d(channelsLast(layer, input), operand, windowsOf(layer, input.shape), epilogue)),
  },
});
