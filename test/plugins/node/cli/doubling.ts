import * as tf from '@tensorflow/tfjs';

/** A layer that tfjs does not have, as a user's module registers it. */
export class Doubling extends tf.layers.Layer {
  static readonly className = 'Doubling';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 2);
  }
}

tf.serialization.registerClass(Doubling);
