import {initializers, type layers} from '@tensorflow/tfjs-layers';
import {withAddWeight} from '../tfjsInternals.ts';

/**
 * Builds layers with all weights 0, instead of running initializers whose values are overwritten afterwards: tfjs's own
 * of recurrent kernels, orthogonal, takes seconds from 64 units on. Layers keep their configuration.
 * @param build what it does before it first awaits anything is built so: of `modelFromTopology` everything
 */
export function withZeroInitialization<Result>(build: () => Result): Result {
  return withAddWeight(
    (addWeight) =>
      function (this: layers.Layer, name, shape, dtype, _initializer, ...others) {
        return addWeight.call(this, name, shape, dtype, initializers.zeros(), ...others);
      },
    build,
  );
}
