import {nearestQuantizer, stochasticQuantizer} from './quantizer.ts';
import type {StochasticOperator} from './stochasticOperator.ts';

/**
 * Quantizer ∘ pruner in one draw, with E T(x) = x inside the alphabet's range: beyond the dead zone stochastic
 * rounding; within it 0, or with probability |x|/c the quantized c · sign x. |T(x) − x| ≤ max(step, the least letter
 * from c on), which is step · max(1, ⌈c/step − shift⌉ + shift) (Zhang & Saab 2024, Section 3). 0 need not be a letter:
 * its code is −shift.
 */
export const sparseQuantizer: StochasticOperator = {
  name: 'sparseQuantizer',
  random: true,
  code(y, uniform, alphabet, deadZone = 0) {
    const size = Math.abs(y);
    if (size > deadZone) return stochasticQuantizer.code(y, uniform, alphabet);
    const {lowest, highest, shift} = alphabet;
    // One random number for both draws: what is left of it below |y|/c decides between the letters around c.
    if (!(uniform * deadZone < size)) return -shift;
    const below = Math.floor(deadZone - shift) + shift;
    const grown = uniform * deadZone < size * (deadZone - below) ? below + 1 : below;
    return Math.min(Math.max((y < 0 ? -grown : grown) - shift, lowest), highest);
  },
  wgsl: /* wgsl */ `
    fn roundedAt(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32) -> f32 {
      let below = floor(y - shift);
      let code = select(below, below + 1.0, uniform < y - shift - below);
      return clamp(code, lowest, highest);
    }

    fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32, deadZone : f32) -> f32 {
      let size = abs(y);
      if (size > deadZone) { return roundedAt(y, uniform, lowest, highest, shift); }
      if (uniform * deadZone >= size) { return -shift; }
      let below = floor(deadZone - shift) + shift;
      let grown = select(below, below + 1.0, uniform * deadZone < size * (deadZone - below));
      return clamp(select(grown, -grown, y < 0.0) - shift, lowest, highest);
    }`,
};

/** Rounding to the nearest letter after a hard threshold: |x| ≤ c becomes 0, with code −shift where 0 is no letter. */
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
