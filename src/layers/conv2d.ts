import {expandDims, tidy} from '@tensorflow/tfjs-core';
import type {LayerAdapter} from './adapter.ts';
import {singleMatrix} from './singleMatrix.ts';
import {channelsLast, windowRows, windowsOf} from './windows.ts';

/** Conv2D: kernel `[height, width, channels, neurons]`, a feature is one entry of a window. */
export const conv2d: LayerAdapter = {
  className: 'Conv2D',
  ...singleMatrix,

  positions(layer, inputShape) {
    const {outHeight, outWidth} = windowsOf(layer, inputShape);
    return outHeight * outWidth;
  },

  columns: (layer, input, rows) => tidy(() => expandDims(windowRows(channelsLast(layer, input), windowsOf(layer, input.shape), rows), 0)),
};
