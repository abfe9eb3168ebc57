import {initializers, layers} from '@tensorflow/tfjs-layers';

/**
 * Builds layers whose weights are set afterwards, all 0 instead of what their initializers give: tfjs's own of recurrent kernels, orthogonal,
 * takes seconds from 64 units on. Layers keep their configuration. Only what `build` does before it first awaits anything is built so:
 * of `models.modelFromJSON` everything.
 */
export function withZeroInitialization<Result>(build: () => Result): Result {
  const prototype = layers.Layer.prototype;
  const addWeight = prototype['addWeight'];
  const withZeros: typeof addWeight = function (this: layers.Layer, name, shape, dtype, _initializer, ...others) {
    return addWeight.call(this, name, shape, dtype, initializers.zeros(), ...others);
  };
  prototype['addWeight'] = withZeros;
  try {
    return build();
  } finally {
    prototype['addWeight'] = addWeight;
  }
}
