import * as tf from '@tensorflow/tfjs';
import {chain, connect} from './connect.ts';

/**
 * A residual network for images of 28 × 28: three stages of 16, 32 and 64 channels, one block each (He et al. 2016,
 * with the shortcuts of ResNet-D).
 */
export function createResidualCnn(): tf.LayersModel {
  const {activation, averagePooling2d, dense, globalAveragePooling2d} = tf.layers;
  const input = tf.input({shape: [28, 28, 1]});
  let x = chain(input, ...conv(16, 3, 2), activation({activation: 'relu'}));
  x = block(x, 16);
  x = block(connect(averagePooling2d({poolSize: 2}), x), 32);
  x = block(connect(averagePooling2d({poolSize: 2}), x), 64);
  x = chain(x, globalAveragePooling2d({}), dense({units: 10, activation: 'softmax'}));
  return tf.model({inputs: input, outputs: x, name: 'residual_cnn'});
}

/** Two convolutions beside a shortcut, of 1 × 1 where the number of channels grows. */
function block(x: tf.SymbolicTensor, filters: number): tf.SymbolicTensor {
  const {activation, add} = tf.layers;
  const y = chain(x, ...conv(filters), activation({activation: 'relu'}), ...conv(filters));
  const shortcut = x.shape.at(-1) === filters ? x : chain(x, ...conv(filters, 1));
  return chain(connect(add(), [y, shortcut]), activation({activation: 'relu'}));
}

function conv(filters: number, kernelSize = 3, strides = 1): tf.layers.Layer[] {
  return [
    tf.layers.conv2d({filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: 'heNormal'}),
    tf.layers.batchNormalization({momentum: 0.9}),
  ];
}
