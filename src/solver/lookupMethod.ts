import type {QuantizeMethod} from './quantizeMethod.ts';

/**
 * The method for embeddings, whose X is one-hot: H is diagonal, so weights do not interact. The nearest letters are
 * then the best of all paths, and alignment, C and pair moves change nothing. A single stochastic path stays: it was
 * asked for.
 */
export function lookupMethod(method: QuantizeMethod): QuantizeMethod {
  const {search, refinement, alignment} = method;
  return {
    ...method,
    alignment: {...alignment, method: 'none'},
    scalings: [1],
    search: search.samples > 1 ? {...search, rounding: 'nearest', samples: 1} : search,
    refinement: {...refinement, pairs: 0},
  };
}
