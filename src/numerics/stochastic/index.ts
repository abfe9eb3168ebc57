import {nearestPruner, stochasticPruner} from './pruner.ts';
import {nearestQuantizer, stochasticQuantizer} from './quantizer.ts';
import {nearestSparseQuantizer, sparseQuantizer} from './sparseQuantizer.ts';
import type {StochasticOperator} from './stochasticOperator.ts';

/** How an argument becomes a letter: at random without bias, or the nearest letter. */
export type Rounding = 'stochastic' | 'nearest';

/** What T does: letters, zeros, or both in one. */
export type OperatorKind = 'quantizer' | 'pruner' | 'sparseQuantizer';

/** Every T, by what it does and how. */
export const operators: Readonly<Record<OperatorKind, Readonly<Record<Rounding, StochasticOperator>>>> = {
  quantizer: {stochastic: stochasticQuantizer, nearest: nearestQuantizer},
  pruner: {stochastic: stochasticPruner, nearest: nearestPruner},
  sparseQuantizer: {stochastic: sparseQuantizer, nearest: nearestSparseQuantizer},
};
