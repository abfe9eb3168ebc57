import {expect} from 'chai';
import {
  type AlphabetOptions,
  type Granularity,
  type Matrix,
  multiply,
  offsetAt,
  type Quantized,
  refine,
  stepAt,
  transpose,
  uniformAlphabet,
} from 'tfjs-compress/numerics';
import {
  errorOf,
  features,
  gram,
  granularities,
  mask,
  neurons,
  original,
  rounded,
  shadow,
  target,
  weights,
} from '../../support/numerics/maskedProblem.ts';
import {residualOf} from '../../support/numerics/randomMatrices.ts';
import {solve} from '../../support/numerics/solve.ts';

const alphabets: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 4},
  {bits: 3, layout: 'twosComplement'},
];

describe('refine', () => {
  for (const granularity of granularities.slice(0, 3)) {
    // the last of {group: 7} has a single live feature: singular
    for (const support of [mask, undefined]) {
      const form = `${JSON.stringify(granularity)}, ${support ? 'masked' : 'whole'}`;
      it(`refits step and offset to the least squares of the letters: ${form}`, () => {
        const alphabet = uniformAlphabet({bits: 'ternary'});
        const start = rounded(weights, alphabet, granularity, support);
        const {scales} = refine(start, gram, target, {alphabet, granularity, rounds: 1, sweeps: 0, offset: true});
        const set = lastSetOf(granularity);
        const {step, offset} = leastSquaresOf(set, start, set.first === 0 ? undefined : scales);
        expect(stepAt(scales, features - 1, neurons - 1)).to.be.closeTo(step, 1e-6);
        expect(offsetAt(scales, features - 1, neurons - 1)).to.be.closeTo(offset, 1e-6);
      });
    }
  }

  it('lowers the error further with an offset', () => {
    for (const options of alphabets) {
      const alphabet = uniformAlphabet(options);
      const start = rounded(weights, alphabet, 'channel', mask);
      const [without, having] = [false, true].map((offset) =>
        errorOf(
          refine(start, gram, target, {alphabet, granularity: 'channel', rounds: 2, sweeps: 2, offset}),
          alphabet,
        ),
      );
      expect(having).to.be.below(without);
    }
  });

  it('with letters that are all the same refits the step alone, and keeps it positive', () => {
    const alphabet = uniformAlphabet({bits: 1});
    const start = {...rounded(weights, alphabet, 'channel', undefined), codes: new Int16Array(features * neurons)};
    const options = {alphabet, granularity: 'channel', rounds: 1, sweeps: 0} as const;
    const {scales} = refine(start, gram, target, {...options, offset: true});
    expect(scales.steps).to.deep.equal(refine(start, gram, target, options).scales.steps);
    expect(scales.offsets).to.deep.equal(new Float64Array(neurons));
  });

  it('leaves the offsets that it is given where none are to be refitted', () => {
    const alphabet = uniformAlphabet({bits: 2});
    const options = {alphabet, granularity: 'channel', rounds: 2, sweeps: 2} as const;
    const first = refine(rounded(weights, alphabet, 'channel', mask), gram, target, {...options, offset: true});
    const second = refine(first, gram, target, options);
    expect(second.scales.offsets).to.deep.equal(first.scales.offsets);
    expect(errorOf(second, alphabet)).to.be.at.most(errorOf(first, alphabet) * (1 + 1e-6));
  });
});

/** Numbers of the last set of weights that share a step: features from `first`, neurons from `neuron`. */
function lastSetOf(granularity: Granularity): {first: number; neuron: number} {
  if (typeof granularity === 'string') return {first: 0, neuron: granularity === 'tensor' ? 0 : neurons - 1};
  return {first: granularity.group * Math.floor((features - 1) / granularity.group), neuron: neurons - 1};
}

/**
 * argmin ‖XW − X̃(Q₀ + s·Z + c·E)‖² by normal equations over rows; Q₀: the earlier groups of the neuron, refitted
 * before.
 */
function leastSquaresOf(
  {first, neuron}: {first: number; neuron: number},
  {codes, mask: support, scales}: Quantized,
  refitted: Quantized['scales'] | undefined,
): {step: number; offset: number} {
  const place = (i: number) => ({t: Math.floor(i / neurons), n: i % neurons, kept: support?.[i] !== 0});
  const inSet = (i: number) => place(i).t >= first && place(i).n >= neuron && place(i).kept;
  const rest = {
    ...weights,
    data: weights.data.map((_, i) => {
      const {t, n, kept} = place(i);
      return inSet(i) || !kept
        ? 0
        : refitted
          ? stepAt(refitted, t, n) * codes[i] + offsetAt(refitted, t, n)
          : stepAt(scales, t, n) * codes[i];
    }),
  };
  const onlySet = (values: Matrix) => ({
    ...values,
    data: values.data.map((value, i) => (i % neurons >= neuron ? value : 0)),
  });
  const goal = onlySet(residualOf(original, weights, shadow, rest)).data;
  const letters = multiply(shadow, {...weights, data: weights.data.map((_, i) => (inSet(i) ? codes[i] : 0))}).data;
  const ones = multiply(shadow, {...weights, data: weights.data.map((_, i) => (inSet(i) ? 1 : 0))}).data;
  const basis: Matrix = {rows: 2, columns: letters.length, data: Float64Array.of(...letters, ...ones)};
  const [step, offset] = solve(
    multiply(basis, transpose(basis)),
    multiply(basis, {rows: goal.length, columns: 1, data: goal}),
  ).data;
  return {step, offset};
}
