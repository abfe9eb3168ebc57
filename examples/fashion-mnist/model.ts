import * as tf from '@tensorflow/tfjs';

/**
 * The convnet of tfjs-examples/quantization for Fashion-MNIST: 494,000 parameters, five layers with a weight matrix.
 * The dropouts take no seed: tfjs would then drop the same units in every batch, and never train them.
 */
export function createConvnet(): tf.Sequential {
  const {batchNormalization, conv2d, dense, dropout, flatten, maxPooling2d} = tf.layers;
  return tf.sequential({
    name: 'fashion_convnet',
    layers: [
      batchNormalization({inputShape: [28, 28, 1], name: 'input_norm'}),
      conv2d({filters: 64, kernelSize: 4, padding: 'same', activation: 'relu', name: 'conv1'}),
      maxPooling2d({poolSize: 2}),
      dropout({rate: 0.1}),
      conv2d({filters: 64, kernelSize: 4, activation: 'relu', name: 'conv2'}),
      maxPooling2d({poolSize: 2}),
      dropout({rate: 0.3}),
      flatten(),
      dense({units: 256, activation: 'relu', name: 'dense1'}),
      dropout({rate: 0.5}),
      dense({units: 64, activation: 'relu', name: 'dense2'}),
      batchNormalization({name: 'dense_norm'}),
      dense({units: 10, activation: 'softmax', name: 'logits'}),
    ],
  });
}
