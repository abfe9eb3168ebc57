import {layers} from '@tensorflow/tfjs-layers';
import {matrix} from 'tfjs-compress/numerics';
import {onBackends} from '../support/backends/onBackends.ts';
import {describeCompressed} from '../support/layers/describeCompressed.ts';
import {byChannel, explicitWindows} from '../support/layers/explicitColumns.ts';

onBackends(['cpu', 'wasm'], () => {
  describeCompressed({
    name: 'Dense',
    layer: (args) => layers.dense({...args, units: 5, activation: 'tanh'}),
    shape: [3, 9],
    columns: ({shape: [samples, positions, features], data}) => [[matrix(samples * positions, features, data)]],
  });
  describeCompressed({
    name: 'Conv1D',
    layer: (args) => layers.conv1d({...args, filters: 4, kernelSize: 3, strides: 2, padding: 'same'}),
    shape: [10, 3],
    columns: (input) => [[explicitWindows(input, {kernel: [3], strides: [2], padding: 'same'})]],
  });
  describeCompressed({
    name: 'Conv2D',
    layer: (args) => layers.conv2d({...args, filters: 4, kernelSize: [3, 2], dilationRate: [1, 2]}),
    shape: [5, 6, 2],
    columns: (input) => [[explicitWindows(input, {kernel: [3, 2], dilations: [1, 2], padding: 'valid'})]],
  });
  describeCompressed({
    name: 'DepthwiseConv2D',
    layer: (args) => layers.depthwiseConv2d({...args, kernelSize: 3, depthMultiplier: 2, padding: 'same'}),
    shape: [5, 4, 3],
    columns: (input) => [byChannel(explicitWindows(input, {kernel: [3, 3], padding: 'same'}), 3)],
  });
});
