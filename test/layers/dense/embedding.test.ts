import {tensor} from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import {matrix} from 'tfjs-compress/numerics';
import {onBackends} from '../../support/backends/onBackends.ts';
import {describeCompressed} from '../../support/layers/describeCompressed.ts';
import {uniforms} from '../../support/numerics/randomMatrices.ts';

const VOCABULARY = 11;

onBackends(['cpu', 'wasm'], () => {
  describeCompressed({
    name: 'Embedding',
    layer: (args) => layers.embedding({...args, inputDim: VOCABULARY, outputDim: 6}),
    shape: [5],
    prior: 1,
    inputs: (shape, seed) => {
      const next = uniforms(seed);
      return tensor(
        Int32Array.from({length: shape.reduce((product, size) => product * size, 1)}, () =>
          Math.floor(VOCABULARY * next()),
        ),
        shape,
        'int32',
      );
    },
    columns: ({data}) => {
      const rows = matrix(data.length, VOCABULARY);
      data.forEach((token, row) => {
        rows.data[row * VOCABULARY + token] = 1;
      });
      return [[rows]];
    },
  });
});
