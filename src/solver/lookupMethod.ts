import type {QuantizeMethod} from './quantizeMethod.ts';

/**
 * The method for rows that are looked up and never meet: H is diagonal, so that no letter feels another. The nearest letters are the best of all paths,
 * and alignment, C and moves by twos change nothing. A single stochastic path stays one: it was asked for.
 */
export function lookupMethod(method: QuantizeMethod): QuantizeMethod {
  const nearest = method.samples > 1 ? ({rounding: 'nearest', samples: 1} as const) : {};
  return {...method, ...nearest, alignment: {...method.alignment, method: 'none'}, scalings: [1], pairs: 0};
}
