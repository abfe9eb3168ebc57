import * as tf from '@tensorflow/tfjs';

/** A layer on one or several values, with its one output. */
export function connect(layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
  const y = layer.apply(x);
  if (!(y instanceof tf.SymbolicTensor)) throw new Error(`${layer.name}: expected one symbolic tensor`);
  return y;
}

/** One layer after the other, each with one output. */
export function chain(x: tf.SymbolicTensor, ...layers: readonly tf.layers.Layer[]): tf.SymbolicTensor {
  return layers.reduce((value, layer) => connect(layer, value), x);
}
