import type {StochasticOperator} from './stochasticOperator.ts';

/** Rounding to the nearest letter, ties upwards: the deterministic T of GPFQ. |T(x) − x| ≤ step / 2 inside the range. */
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
