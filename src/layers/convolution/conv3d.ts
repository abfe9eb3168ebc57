import {expandDims, tidy} from '@tensorflow/tfjs-core';
import {singleKernel} from '../adapter/singleKernel.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {convGeometry, outputPositions} from './convGeometry.ts';
import {channelsLast, filtersOf, windowShape} from './convOptions.ts';
import {tapRows} from './tapRows.ts';

/** Conv3D: kernel `[depth, height, width, channels, neurons]`, a feature is one entry of a window. */
export const conv3d = singleKernel({
  className: 'Conv3D',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions: (layer, inputShape) => outputPositions(convGeometry(layer, inputShape)),

  columns: (layer, input, rows) =>
    tidy(() => expandDims(tapRows(channelsLast(layer, input), convGeometry(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [...windowShape(layer, inputShape), filtersOf(layer)],
});
