import type {QuantizeMethod} from './quantizeMethod.ts';

/**
 * The method for embeddings, whose X is one-hot: H is diagonal, so weights do not interact. The nearest letters are
 * then the best of all paths, and alignment, C and pair moves change nothing. A single stochastic path stays: it was
 * asked for.
 */
export function lookupMethod(method: QuantizeMethod): QuantizeMethod {
  const nearest = method.samples > 1 ? ({rounding: 'nearest', samples: 1} as const) : {};
  return {...method, ...nearest, alignment: {...method.alignment, method: 'none'}, scalings: [1], pairs: 0};
}
