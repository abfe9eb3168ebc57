import {expandDims, reshape, tidy} from '@tensorflow/tfjs-core';
import {PACKED_CONV2D, packedConv2d} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {type ConvAxis, convGeometry, outputPositions, packedWindows} from './convGeometry.ts';
import {channelsLast, filtersOf, windowShape} from './convOptions.ts';
import {tapRows} from './tapRows.ts';

/** The second axis of images of one row. */
const ONE_ROW: ConvAxis = {length: 1, outputs: 1, taps: 1, stride: 1, dilation: 1, before: 0, spacing: 1};

/**
 * Conv1D: kernel `[length, channels, neurons]`; packed, a convolution over images of one row. Its channels are last:
 * tfjs forgets another `dataFormat` when it copies or saves the layer.
 */
export const conv1d = singleKernel({
  className: 'Conv1D',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions: (layer, inputShape) => outputPositions(convGeometry(layer, inputShape)),

  columns: (layer, input, rows) =>
    tidy(() => expandDims(tapRows(channelsLast(layer, input), convGeometry(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [...windowShape(layer, inputShape), filtersOf(layer)],

  packed: {
    op: PACKED_CONV2D,
    run: (layer, input, operand, epilogue) => {
      const images = requireRank(expandDims(channelsLast(layer, input), 1), 4);
      const windows = packedWindows([ONE_ROW, ...convGeometry(layer, input.shape)]);
      const output = packedConv2d(images, operand, windows, epilogue);
      return reshape(output, [output.shape[0], output.shape[2], output.shape[3]]);
    },
  },
});
