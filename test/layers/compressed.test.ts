import {layers} from '@tensorflow/tfjs-layers';
import {matrix} from 'tfjs-compress/numerics';
import {describeCompressed} from '../support/describeCompressed.ts';
import {onBackends} from '../support/onBackends.ts';

onBackends(['cpu', 'wasm'], () => {
  describeCompressed({
    name: 'Dense', layer: (args) => layers.dense({...args, units: 5}), shape: [9],
    columns: ({shape: [samples, features], data}) => [[matrix(samples, features, data)]],
  });
});
