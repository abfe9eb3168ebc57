import * as tf from '@tensorflow/tfjs';

/**
 * The gradient of a tile as sums, of which importing it is the effect. tfjs adds up slices, one for each copy:
 * LayerNormalization tiles its scale over batch and tokens, so that training on a batch of 128 would take thousands of
 * slices, 25 s on wasm.
 */
tf.unregisterGradient('Tile');
tf.registerGradient({
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({x: () => sumOfTiles(only(dy), x.shape, repeatsOf(attrs['reps']))}),
});

/** ∂L/∂x of y = tile(x, repeats): the copies added up, axis by axis. */
export function sumOfTiles(dy: tf.Tensor, shape: readonly number[], repeats: readonly number[]): tf.Tensor {
  return tf.tidy(() => {
    let sums = dy;
    for (const [axis, times] of repeats.entries()) {
      if (times === 1) continue;
      const before = [...shape.slice(0, axis)];
      const after = sums.shape.slice(axis + 1);
      sums = tf.reshape(tf.sum(tf.reshape(sums, [sizeOf(before), times, shape[axis] * sizeOf(after)]), 1), [
        ...before,
        shape[axis],
        ...after,
      ]);
    }
    return sums === dy ? dy.clone() : sums;
  });
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function only(dy: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(dy) ? dy[0] : dy;
}

function repeatsOf(value: unknown): number[] {
  if (!Array.isArray(value)) throw new TypeError('Tile: expected a list of repeats');
  return value.map(Number);
}
