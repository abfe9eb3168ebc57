import {nearestQuantizer} from './nearestQuantizer.ts';
import type {StochasticOperator} from './stochasticOperator.ts';
import {stochasticQuantizer} from './stochasticQuantizer.ts';

/** T by the name of its rounding. */
export const quantizers = {
  stochastic: stochasticQuantizer,
  nearest: nearestQuantizer,
} as const satisfies Record<string, StochasticOperator>;

/** How an argument becomes a letter. */
export type Rounding = keyof typeof quantizers;
