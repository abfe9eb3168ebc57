import type {StochasticOperator} from './stochasticOperator.ts';

/**
 * Stochastic thresholding, with E T(x) = x for every x: |x| > c stays; anything else becomes c · sign x with
 * probability |x|/c, else 0. |T(x) − x| ≤ c (Zhang & Saab 2024, Section 3).
 */
export const stochasticPruner: StochasticOperator = {
  name: 'stochasticPruner',
  random: true,
  code(y, uniform, _alphabet, deadZone = 0) {
    const size = Math.abs(y);
    if (size > deadZone) return y;
    return uniform * deadZone < size ? Math.sign(y) * deadZone : 0;
  },
  wgsl: /* wgsl */ `
    fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
      let size = abs(y);
      if (size > deadZone) { return y; }
      return select(0.0, sign(y) * deadZone, uniform * deadZone < size);
    }`,
};

/** Hard thresholding, the deterministic variant: |x| > c stays, anything else becomes 0. |T(x) − x| ≤ c. */
export const nearestPruner: StochasticOperator = {
  name: 'nearestPruner',
  random: false,
  code: (y, _uniform, _alphabet, deadZone = 0) => (Math.abs(y) > deadZone ? y : 0),
  wgsl: /* wgsl */ `
    fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
      return select(0.0, y, abs(y) > deadZone);
    }`,
};
