import {expandDims, tidy} from '@tensorflow/tfjs-core';
import {PACKED_CONV2D, packedConv2d} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {singleKernel} from '../adapter/singleKernel.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {convGeometry, outputPositions, packedWindows} from './convGeometry.ts';
import {channelsLast, filtersOf, toDataFormat, windowShape} from './convOptions.ts';
import {tapRows} from './tapRows.ts';

/** Conv2D: kernel `[height, width, channels, neurons]`, a feature is one entry of a window. */
export const conv2d = singleKernel({
  className: 'Conv2D',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions: (layer, inputShape) => outputPositions(convGeometry(layer, inputShape)),

  columns: (layer, input, rows) =>
    tidy(() => expandDims(tapRows(channelsLast(layer, input), convGeometry(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [...windowShape(layer, inputShape), filtersOf(layer)],

  packed: {
    op: PACKED_CONV2D,
    run: (layer, input, operand, epilogue) => {
      const images = requireRank(channelsLast(layer, input), 4);
      const windows = packedWindows(convGeometry(layer, input.shape));
      return toDataFormat(layer, packedConv2d(images, operand, windows, epilogue));
    },
  },
});
