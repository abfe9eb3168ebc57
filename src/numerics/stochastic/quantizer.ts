import type {StochasticOperator} from './stochasticOperator.ts';

/**
 * Stochastic rounding to one of the two neighbouring letters, with E T(x) = x inside the alphabet's range:
 * up with probability y − ⌊y⌋, else down; clipped at the ends. |T(x) − x| ≤ step (Zhang & Saab 2023, eq. 3).
 */
export const stochasticQuantizer: StochasticOperator = {
  name: 'stochasticQuantizer',
  random: true,
  code(y, uniform, {lowest, highest, shift}) {
    const below = Math.floor(y - shift);
    const code = uniform < y - shift - below ? below + 1 : below;
    return Math.min(Math.max(code, lowest), highest);
  },
  wgsl: /* wgsl */ `
    fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
      let below = floor(y - shift);
      let code = select(below, below + 1.0, uniform < y - shift - below);
      return clamp(code, lowest, highest);
    }`,
};

/**
 * Rounding to the nearest letter, ties upwards: the deterministic T of GPFQ. |T(x) − x| ≤ step / 2 inside the range.
 */
export const nearestQuantizer: StochasticOperator = {
  name: 'nearestQuantizer',
  random: false,
  code(y, _uniform, {lowest, highest, shift}) {
    return Math.min(Math.max(Math.floor(y - shift + 0.5), lowest), highest);
  },
  wgsl: /* wgsl */ `
    fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
      return clamp(floor(y - shift + 0.5), lowest, highest);
    }`,
};
