import {layers} from '@tensorflow/tfjs-layers';
import {onBackends} from '../../support/backends/onBackends.ts';
import {describeCompressed} from '../../support/layers/describeCompressed.ts';
import {
  byChannel,
  channelsLast,
  explicitDepthwise,
  explicitSpread,
  explicitWindows,
} from '../../support/layers/explicitColumns.ts';

onBackends(['cpu', 'wasm'], (backend) => {
  describeCompressed({
    name: 'Conv3D',
    layer: (args) =>
      layers.conv3d({...args, filters: 4, kernelSize: [2, 3, 2], strides: 2, padding: 'same', activation: 'relu'}),
    shape: [4, 5, 4, 2],
    columns: (input) => [[explicitWindows(input, {kernel: [2, 3, 2], strides: [2, 2, 2], padding: 'same'})]],
  });
  describeCompressed({
    name: 'Conv3D whose channels come first',
    layer: (args) =>
      layers.conv3d({...args, filters: 3, kernelSize: 2, dilationRate: [1, 2, 1], dataFormat: 'channelsFirst'}),
    shape: [2, 3, 4, 3],
    columns: (input) => [
      [explicitWindows(channelsLast(input), {kernel: [2, 2, 2], dilations: [1, 2, 1], padding: 'valid'})],
    ],
  });
  describeCompressed({
    name: 'Conv2DTranspose',
    layer: (args) =>
      layers.conv2dTranspose({...args, filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu'}),
    shape: [3, 4, 3],
    columns: (input) => [[explicitSpread(input, {kernel: [3, 3], strides: [2, 2], padding: 'same'})]],
  });
  describeCompressed({
    name: 'Conv2DTranspose whose channels come first',
    layer: (args) =>
      layers.conv2dTranspose({
        ...args,
        filters: 4,
        kernelSize: [2, 4],
        strides: [3, 2],
        useBias: false,
        dataFormat: 'channelsFirst',
      }),
    shape: [3, 3, 3],
    columns: (input) => [[explicitSpread(channelsLast(input), {kernel: [2, 4], strides: [3, 2], padding: 'valid'})]],
  });
  // tfjs 4.22 on wasm computes it wrongly.
  if (backend !== 'wasm') {
    describeCompressed({
      name: 'Conv3DTranspose',
      layer: (args) =>
        layers.conv3dTranspose({...args, filters: 3, kernelSize: [3, 2, 2], strides: 2, padding: 'same'}),
      shape: [2, 3, 2, 2],
      columns: (input) => [[explicitSpread(input, {kernel: [3, 2, 2], strides: [2, 2, 2], padding: 'same'})]],
    });
    describeCompressed({
      name: 'Conv3DTranspose whose channels come first',
      layer: (args) =>
        layers.conv3dTranspose({...args, filters: 3, kernelSize: 2, strides: [1, 1, 2], dataFormat: 'channelsFirst'}),
      shape: [2, 2, 3, 2],
      columns: (input) => [
        [explicitSpread(channelsLast(input), {kernel: [2, 2, 2], strides: [1, 1, 2], padding: 'valid'})],
      ],
    });
  }
  describeCompressed({
    name: 'SeparableConv2D',
    layer: (args) =>
      layers.separableConv2d({...args, filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu'}),
    shape: [7, 6, 4],
    columns(input, [depthwise]) {
      const windows = byChannel(explicitWindows(input, {kernel: [3, 3], strides: [2, 2], padding: 'same'}), 4);
      return [windows, [explicitDepthwise(windows, depthwise)]];
    },
  });
  describeCompressed({
    name: 'SeparableConv2D whose channels come first',
    layer: (args) =>
      layers.separableConv2d({
        ...args,
        filters: 5,
        kernelSize: [3, 2],
        dilationRate: 2,
        useBias: false,
        dataFormat: 'channelsFirst',
      }),
    shape: [3, 6, 5],
    columns(input, [depthwise]) {
      const windows = byChannel(
        explicitWindows(channelsLast(input), {kernel: [3, 2], dilations: [2, 2], padding: 'valid'}),
        3,
      );
      return [windows, [explicitDepthwise(windows, depthwise)]];
    },
  });
});
