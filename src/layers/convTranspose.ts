import {expandDims, tidy} from '@tensorflow/tfjs-core';
import type {LayerAdapter} from './adapter.ts';
import {channelsOf, kernelSizeOf, lastChannels, transposedAxes} from './axes.ts';
import {singleKernel} from './singleKernel.ts';
import {positionsOf, tapRows} from './taps.ts';
import {transposedMatrix} from './transposedMatrix.ts';
import {filtersOf} from './windows.ts';

/** Conv2DTranspose and Conv3DTranspose: kernel `[…, neurons, channels]`, a feature is one entry of a window over the input with zeros between its places. */
export const convTransposes: readonly LayerAdapter[] = ['Conv2DTranspose', 'Conv3DTranspose'].map((className) => singleKernel({
  className,
  ...transposedMatrix,

  positions: (layer, inputShape) => positionsOf(transposedAxes(layer, inputShape)),

  columns: (layer, input, rows) => tidy(() => expandDims(tapRows(lastChannels(layer, input), transposedAxes(layer, input.shape), rows), 0)),

  kernelShape: (layer, inputShape) => [...kernelSizeOf(layer, inputShape), filtersOf(layer), channelsOf(layer, inputShape)],
}));
