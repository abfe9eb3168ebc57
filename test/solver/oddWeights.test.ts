import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {
  type Alphabet,
  type AlphabetOptions,
  type Granularity,
  type Matrix,
  matrix,
  uniformAlphabet,
} from 'tfjs-compress/numerics';
import {immediately} from '../../src/numerics/task.ts';
import type {QuantizedWeights} from '../../src/solver/followedPath.ts';
import type {QuantizeMethod} from '../../src/solver/quantizeMethod.ts';
import {quantizeWeights} from '../../src/solver/quantizeWeights.ts';
import {gaussianMatrix, gramsOf, largestDifference, withoutColumns} from '../support/numerics/randomMatrices.ts';

const SEARCH = {scale: 'calibration', rounding: 'stochastic', samples: 4} as const;

const alphabets: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 1, layout: 'twosComplement'},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 2, layout: 'twosComplement'},
  {bits: 4},
  {bits: 8},
  {levels: 17},
];
const granularities: readonly Granularity[] = ['tensor', 'channel', {group: 3}];

const features = 8,
  neurons = 4;
const cases: Readonly<Record<string, Matrix>> = {
  'all zero': matrix(features, neurons),
  constant: matrix(features, neurons, new Float64Array(features * neurons).fill(0.7)),
  'one by one': matrix(1, 1, Float64Array.of(-0.3)),
  'one zero': matrix(1, 1),
  'one feature': gaussianMatrix(1, neurons, 1),
  'one neuron': gaussianMatrix(features, 1, 2),
  'a neuron of zeros': matrix(
    features,
    neurons,
    gaussianMatrix(features, neurons, 3).data.map((w, i) => (i % neurons === 1 ? 0 : w)),
  ),
  huge: gaussianMatrix(features, neurons, 4, 1e30),
  denormal: gaussianMatrix(features, neurons, 5, 1e-42),
  'all negative': matrix(
    features,
    neurons,
    gaussianMatrix(features, neurons, 6).data.map((w) => -Math.abs(w)),
  ),
  'with one outlier': matrix(
    features,
    neurons,
    gaussianMatrix(features, neurons, 7).data.map((w, i) => (i === 5 ? 1e6 : w)),
  ),
};

for (const [name, weights] of Object.entries(cases)) {
  describe(`quantizeWeights of weights that are ${name}`, () => {
    for (const options of alphabets) {
      const alphabet = uniformAlphabet(options);
      for (const granularity of granularities) {
        const form = `${alphabet.levels} letters, ${alphabet.layout}, ${JSON.stringify(granularity)}`;
        it(`gives finite letters of the alphabet: ${form}`, async () => {
          for (const scale of ['calibration', 'mse', 'absmax'] as const) {
            for (const inputs of inputsFor(weights.rows)) {
              expectLetters(
                await quantized(weights, inputs, {alphabet, granularity, search: {...SEARCH, scale}}),
                alphabet,
              );
            }
          }
        });
      }
    }
  });
}

describe('quantizeWeights', () => {
  for (const options of alphabets) {
    const {levels, layout} = uniformAlphabet(options);
    it(`of zeros is zeros, with step 0: ${levels} letters, ${layout}`, async () => {
      const {
        values,
        scales,
        path: {clipped},
      } = await quantized(matrix(features, neurons), inputsFor(features)[0], {alphabet: uniformAlphabet(options)});
      expect(values.data.every((value) => value === 0)).to.equal(true);
      expect(scales.steps.every((step) => step === 0)).to.equal(true);
      expect(clipped).to.equal(0);
    });
  }

  it('of a constant is the constant', async () => {
    const {values} = await quantized(cases['constant'], agreeing(features), {alphabet: uniformAlphabet({bits: 1})});
    expect(largestDifference(values.data, cases['constant'].data)).to.be.below(1e-6);
  });

  it('of one weight is the weight', async () => {
    const {values} = await quantized(cases['one by one'], agreeing(1), {alphabet: uniformAlphabet({bits: 'ternary'})});
    expect(values.data[0]).to.be.closeTo(-0.3, 1e-7);
  });

  it('with every input dead rounds each weight to its nearest letter', async () => {
    const weights = gaussianMatrix(features, neurons, 8);
    const alphabet = uniformAlphabet({bits: 3});
    const dead = {original: matrix(10, features), shadow: matrix(10, features)};
    const {values, scales} = await quantized(weights, dead, {
      alphabet,
      search: {scale: 'mse', rounding: 'nearest', samples: 4},
    });
    values.data.forEach((value, i) => {
      const step = scales.steps[i % neurons];
      expect(value).to.be.closeTo(step * Math.max(-3, Math.min(3, Math.floor(weights.data[i] / step + 0.5))), 1e-6);
    });
  });
});

/** Inputs in general position, with dead features, with fewer rows than features, and none at all. */
function inputsFor(size: number): Array<{original: Matrix; shadow: Matrix}> {
  const original = gaussianMatrix(20, size, 10);
  const single = gaussianMatrix(1, size, 12);
  return [
    {original, shadow: gaussianMatrix(20, size, 11)},
    {original, shadow: withoutColumns(original, [0, 2])},
    {original: single, shadow: single},
    {original: matrix(5, size), shadow: matrix(5, size)},
  ];
}

function agreeing(size: number): {original: Matrix; shadow: Matrix} {
  const x = gaussianMatrix(20, size, 13);
  return {original: x, shadow: x};
}

async function quantized(
  weights: Matrix,
  {original, shadow}: {original: Matrix; shadow: Matrix},
  method: Partial<QuantizeMethod> & {alphabet: Alphabet},
): Promise<QuantizedWeights> {
  return await quantizeWeights(
    {weights, ...gramsOf(original, shadow)},
    {layer: 0, matrix: 0},
    {
      granularity: 'channel',
      alignment: {method: 'order'},
      feedback: {kind: 'path'},
      scalings: [1],
      search: SEARCH,
      refinement: {rounds: 2, sweeps: 2, pairs: 0, offset: false},
      ridge: 0,
      seed: 1,
      strictKernels: false,
      ...method,
    },
    immediately,
  );
}

function expectLetters({codes, values, scales}: QuantizedWeights, alphabet: Alphabet): void {
  expect(
    codes.every((code) => code >= alphabet.lowest && code <= alphabet.highest),
    'codes in the alphabet',
  ).to.equal(true);
  expect(
    values.data.every((value) => Number.isFinite(value)),
    `finite weights, got ${Array.from(values.data).join(' ')}`,
  ).to.equal(true);
  expect(
    scales.steps.every((step) => step >= 0 && step < Infinity && Math.fround(step) === step),
    'finite steps',
  ).to.equal(true);
}
