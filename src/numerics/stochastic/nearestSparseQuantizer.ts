import {nearestQuantizer} from './nearestQuantizer.ts';
import type {StochasticOperator} from './stochasticOperator.ts';

/** Rounding to the nearest letter behind a hard threshold: |x| ≤ c becomes 0, whose code is −shift where 0 is no letter. */
export const nearestSparseQuantizer: StochasticOperator = {
  name: 'nearestSparseQuantizer',
  random: false,
  code: (y, uniform, alphabet, deadZone = 0) =>
    Math.abs(y) > deadZone ? nearestQuantizer.code(y, uniform, alphabet) : -alphabet.shift,
  wgsl: /* wgsl */ `
    fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
      return select(-shift, clamp(floor(y - shift + 0.5), lowest, highest), abs(y) > deadZone);
    }`,
};
