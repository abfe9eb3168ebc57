import {expandDims, tidy} from '@tensorflow/tfjs-core';
import {singleKernel} from '../adapter/singleKernel.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {channelsOf, convolutionAxes, kernelSizeOf, lastChannels} from './axes.ts';
import {positionsOf, tapRows} from './taps.ts';
import {filtersOf} from './windows.ts';

/** Conv3D: kernel `[depth, height, width, channels, neurons]`, a feature is one entry of a window. */
export const conv3d = singleKernel({
  className: 'Conv3D',
  acceptsChannelScales: true,
  ...singleMatrix,

  positions: (layer, inputShape) => positionsOf(convolutionAxes(layer, inputShape)),

  columns: (layer, input, rows) =>
    tidy(() => expandDims(tapRows(lastChannels(layer, input), convolutionAxes(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [
    ...kernelSizeOf(layer, inputShape),
    channelsOf(layer, inputShape),
    filtersOf(layer),
  ],
});
