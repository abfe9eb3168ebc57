import './tileGradient.ts';
import * as tf from '@tensorflow/tfjs';
import {AddPositions} from './addPositions.ts';
import {chain, connect} from './connect.ts';

const PATCH = 7;
const TOKENS_PER_SIDE = 28 / PATCH;
const WIDTH = 48;
const HEADS = 3;
const BLOCKS = 2;

/**
 * A transformer for images of 28 × 28, out of layers that tfjs exports (MultiHeadAttention is not one): 16 tokens,
 * patches of 7 × 7, two blocks of three heads of 16 and a perceptron, normed before each (Dosovitskiy et al. 2021,
 * without a class token).
 */
export function createTransformer(): tf.LayersModel {
  const {dense, globalAveragePooling1d, layerNormalization, permute, reshape} = tf.layers;
  const input = tf.input({shape: [28, 28, 1]});
  let x = chain(
    input,
    reshape({targetShape: [TOKENS_PER_SIDE, PATCH, TOKENS_PER_SIDE, PATCH]}),
    permute({dims: [1, 3, 2, 4]}),
    reshape({targetShape: [TOKENS_PER_SIDE ** 2, PATCH ** 2]}),
    dense({units: WIDTH, name: 'patches'}),
    new AddPositions({name: 'positions'}),
  );
  for (let block = 1; block <= BLOCKS; block++) {
    x = connect(tf.layers.add(), [x, attention(connect(layerNormalization(), x), `block${block}`)]);
    x = connect(tf.layers.add(), [x, perceptron(connect(layerNormalization(), x), `block${block}`)]);
  }
  x = chain(
    x,
    layerNormalization(),
    globalAveragePooling1d(),
    dense({units: 10, activation: 'softmax', name: 'logits'}),
  );
  return tf.model({inputs: input, outputs: x, name: 'tiny_transformer'});
}

/**
 * softmax(q kᵀ) v of each head, side by side, and a Dense; the factor 1/√units is part of the queries' first weights.
 */
function attention(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  const {concatenate, dense, dot, softmax} = tf.layers;
  const units = WIDTH / HEADS;
  const heads = Array.from({length: HEADS}, (_, head) => {
    const of = (what: string): string => `${name}_head${head + 1}_${what}`;
    const query = connect(
      dense({
        units,
        name: of('query'),
        kernelInitializer: tf.initializers.varianceScaling({scale: 1 / units, mode: 'fanIn'}),
      }),
      x,
    );
    const key = connect(dense({units, name: of('key'), useBias: false}), x);
    const value = connect(dense({units, name: of('value')}), x);
    const weights = connect(softmax({axis: -1}), connect(dot({axes: 2}), [query, key]));
    return connect(dot({axes: [2, 1]}), [weights, value]);
  });
  return chain(connect(concatenate(), heads), dense({units: WIDTH, name: `${name}_attention`}));
}

function perceptron(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  const {dense} = tf.layers;
  return chain(
    x,
    dense({units: 2 * WIDTH, activation: 'relu', name: `${name}_wide`}),
    dense({units: WIDTH, name: `${name}_narrow`}),
  );
}
