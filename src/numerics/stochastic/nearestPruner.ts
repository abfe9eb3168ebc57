import type {StochasticOperator} from './stochasticOperator.ts';

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
