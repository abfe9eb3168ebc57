import {add, tensor1d, tensor2d, tidy} from '@tensorflow/tfjs-core';
import type {CompressionTarget} from '../../calibration/targets.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import type {TaskRunner} from '../../numerics/task.ts';
import {applyLayer, createLayer} from '../../tfjsInternals.ts';
import {type Replacement, rowsFor} from './heldOutError.ts';

/**
 * ‖σ(XW + b) − σ(X̃Q + b + c)‖ / ‖σ(XW + b)‖ over all problems of a kernel on held-out rows, σ the activation of its
 * layer: the error that remains after the activation. A relu, for example, hides errors below 0. For a kernel inside
 * its layer σ is the identity.
 * @param runner runs the products
 */
export async function outputError(
  {originalLayer: layer, kernel}: Pick<CompressionTarget, 'originalLayer' | 'kernel'>,
  replacements: readonly Replacement[],
  runner: TaskRunner,
): Promise<number> {
  const bias = kernel.bias === undefined ? undefined : await layer.getWeights()[kernel.bias].data<'float32'>();
  const activate = activationOf(kernel.activation);
  let difference = 0,
    norm = 0,
    first = 0;
  for (const {problem, values, shift} of replacements) {
    const {original, shadow} = rowsFor(problem);
    const own = bias?.slice(first, (first += values.columns)) ?? new Float32Array(values.columns);
    const expected = await activate(await runner.run(multiply(original, problem.weights)), own);
    const actual = await activate(
      await runner.run(multiply(shadow, values)),
      own.map((one, n) => one + (shift?.[n] ?? 0)),
    );
    expected.forEach((value, i) => {
      difference += (value - actual[i]) ** 2;
      norm += value ** 2;
    });
  }
  return norm > 0 ? Math.sqrt(difference / norm) : 0;
}

/** σ(Y + 1bᵀ) as tfjs computes it. */
function activationOf(activation: unknown): (sums: Matrix, bias: Float32Array) => Promise<Float32Array> {
  const activated = typeof activation === 'string' ? createLayer('Activation', {activation}) : undefined;
  return async (sums, bias) => {
    const outputs = tidy(() => {
      const shifted = add(tensor2d(Float32Array.from(sums.data), [sums.rows, sums.columns]), tensor1d(bias));
      return activated ? applyLayer(activated, [shifted])[0] : shifted;
    });
    try {
      return await outputs.data<'float32'>();
    } finally {
      outputs.dispose();
    }
  };
}
