import {initializers, type layers} from '@tensorflow/tfjs-layers';
import {withAddWeight} from '../tfjsInternals.ts';

/**
 * Builds layers with all weights 0, instead of running initializers whose values would be overwritten: the orthogonal
 * initializer of recurrent kernels takes seconds from 64 units on. Layers keep their configuration.
 * @param build only what it does before its first `await` is affected: for `modelFromTopology` that is everything
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
