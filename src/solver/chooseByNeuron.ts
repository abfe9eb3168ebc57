/** A typed array that maps to another of its kind. */
interface Mappable<Values> {
  readonly [index: number]: number;
  map(transform: (value: number, index: number) => number): Values;
}

/**
 * Mixes two results column by column.
 * @param takesOther by neuron: whether its column comes from `other`
 * @param one `[features, neurons]`, row by row
 * @param other of the same shape
 */
export function chooseByNeuron<Values extends Mappable<Values>>(
  takesOther: ArrayLike<boolean>,
  one: Values,
  other: Values,
): Values {
  return one.map((value, i) => (takesOther[i % takesOther.length] ? other[i] : value));
}
