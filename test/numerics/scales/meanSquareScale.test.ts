import {expect} from 'chai';
import {
  absMaxScale,
  type Alphabet,
  type AlphabetOptions,
  keepLargest,
  type Matrix,
  matrix,
  meanSquareScale,
  stepAt,
  uniformAlphabet,
} from 'tfjs-compress/numerics';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {gaussianMatrix, gaussians, uniforms} from '../../support/numerics/randomMatrices.ts';

const alphabets: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 2, layout: 'twosComplement'},
  {bits: 3},
  {bits: 4},
  {bits: 4, layout: 'midrise'},
  {bits: 6},
  {bits: 8},
];

const normal = gaussians(1),
  flat = uniforms(2);
const distributions: Readonly<Record<string, () => number>> = {
  normal,
  uniform: () => 2 * flat() - 1,
  Laplace: () => Math.sign(flat() - 0.5) * Math.log(1 - flat()),
  'half zero': () => (flat() < 0.5 ? 0 : normal()),
  'one-sided': () => Math.abs(normal()),
};

describe('meanSquareScale', () => {
  for (const options of alphabets) {
    const alphabet = uniformAlphabet(options);
    for (const [name, draw] of Object.entries(distributions)) {
      const form = `${name} weights, ${alphabet.levels} letters, ${alphabet.layout}`;
      it(`has a relative error ‖w − q‖ / ‖w‖ as low as that of any of 2,000 steps: ${form}`, () => {
        // What few weights leave depends on single letters, and the search is a grid of its own.
        for (const [size, tolerance] of [
          [40, 5e-3],
          [600, 2e-4],
        ]) {
          const weights = matrix(size, 1, Float64Array.from({length: size}, draw));
          const [step] = meanSquareScale(weights, alphabet, 'channel').steps;
          const [widest] = absMaxScale(weights, alphabet, 'channel').steps;
          const grid = Array.from({length: 2000}, (_, k) => (1.2 * widest * (k + 1)) / 2000);
          const min = Math.min(...grid.map((candidate) => errorOf(weights, candidate, alphabet)));
          expect(relative(errorOf(weights, step, alphabet), weights)).to.be.at.most(relative(min, weights) + tolerance);
        }
      });
    }
  }

  it('of 9 weights and 6 to 8 bits leaves no more than the best of 4,000 steps, within 1 % in the mean', () => {
    for (const bits of [6, 8] as const) {
      const alphabet = uniformAlphabet({bits});
      let [found, min] = [0, 0];
      for (let seed = 0; seed < 20; seed++) {
        const weights = gaussianMatrix(9, 1, 100 + seed);
        const [widest] = absMaxScale(weights, alphabet, 'channel').steps;
        found += errorOf(weights, meanSquareScale(weights, alphabet, 'channel').steps[0], alphabet);
        min += Math.min(
          ...Array.from({length: 4000}, (_, k) => errorOf(weights, widest * 0.05 ** (k / 4000), alphabet)),
        );
      }
      expect(found).to.be.below(1.01 * min);
    }
  });

  it('finds the step of weights that are letters', () => {
    const alphabet = uniformAlphabet({bits: 4});
    const weights = matrix(
      15,
      1,
      Float64Array.from({length: 15}, (_, i) => 0.25 * (i - 7)),
    );
    expect(Array.from(meanSquareScale(weights, alphabet, 'channel').steps)).to.deep.equal([0.25]);
  });

  it('of 1 bit is twice the mean of |w|', () => {
    // argmin_s Σ (|w| − s/2)²
    const weights = matrix(4, 1, Float64Array.of(1, -2, 3, -4));
    expect(Array.from(meanSquareScale(weights, uniformAlphabet({bits: 1}), 'channel').steps)).to.deep.equal([5]);
  });

  it('of zeros is 0', () => {
    for (const options of alphabets)
      expect(Array.from(meanSquareScale(matrix(4, 2), uniformAlphabet(options), 'channel').steps)).to.deep.equal([
        0, 0,
      ]);
  });

  it('scales with the weights, from 1e-30 to 1e30', () => {
    const weights = gaussianMatrix(50, 1, 3);
    const alphabet = uniformAlphabet({bits: 3});
    const [unit] = meanSquareScale(weights, alphabet, 'channel').steps;
    for (const scale of [1e-30, 1e-10, 1e10, 1e30]) {
      const [step] = meanSquareScale(
        matrix(
          50,
          1,
          weights.data.map((w) => scale * w),
        ),
        alphabet,
        'channel',
      ).steps;
      expect(step / scale).to.be.closeTo(unit, 1e-6 * unit);
    }
  });

  it('of denormal weights is a finite float32 from 0', () => {
    for (const weight of [1e-40, 1.4e-45, 1e-60, 5e-324]) {
      const [step] = meanSquareScale(
        matrix(2, 1, Float64Array.of(weight, -weight)),
        uniformAlphabet({bits: 4}),
        'channel',
      ).steps;
      expect(step).to.be.within(0, 2 * weight);
      expect(Math.fround(step)).to.equal(step);
    }
  });

  it("of 'tensor' is one step, of 'channel' one for each neuron, of {group} one for each part of a neuron", () => {
    const weights = gaussianMatrix(10, 3, 4);
    const alphabet = uniformAlphabet({bits: 3});
    const tensor = meanSquareScale(weights, alphabet, 'tensor');
    const channel = meanSquareScale(weights, alphabet, 'channel');
    const group = meanSquareScale(weights, alphabet, {group: 4});
    expect([tensor.groups, channel.groups, group.groups]).to.deep.equal([1, 1, 3]);
    expect([tensor, channel, group].map(({steps}) => new Set(steps).size)).to.deep.equal([1, 3, 9]);
    // the last group of neuron 1 has features 8 and 9
    const last = matrix(2, 1, Float64Array.of(weights.data[8 * 3 + 1], weights.data[9 * 3 + 1]));
    expect(stepAt(group, 9, 1)).to.equal(meanSquareScale(last, alphabet, 'channel').steps[0]);
  });

  it('and absMaxScale see only the weights on the mask', () => {
    const weights = gaussianMatrix(12, 2, 5);
    const mask = keepLargest(gaussianMatrix(12, 2, 6), 'unstructured', 0.5);
    const alphabet = uniformAlphabet({bits: 2});
    for (const scaleOf of [meanSquareScale, absMaxScale]) {
      for (const n of [0, 1]) {
        const kept = weights.data.filter((_, i) => i % 2 === n && mask[i] === 1);
        expect(scaleOf(weights, alphabet, 'channel', mask).steps[n]).to.equal(
          scaleOf(matrix(kept.length, 1, kept), alphabet, 'channel').steps[0],
        );
      }
      const all = weights.data.filter((_, i) => mask[i] === 1);
      expect(scaleOf(weights, alphabet, 'tensor', mask).steps[1]).to.equal(
        scaleOf(matrix(all.length, 1, all), alphabet, 'channel').steps[0],
      );
      expect(Array.from(scaleOf(weights, alphabet, {group: 4}, new Uint8Array(24)).steps)).to.deep.equal([
        0, 0, 0, 0, 0, 0,
      ]);
    }
  });
});

describe('absMaxScale', () => {
  for (const options of [...alphabets, {bits: 1, layout: 'twosComplement'} as const]) {
    const alphabet = uniformAlphabet(options);
    it(`is finite, and the letters reach the largest weight: ${alphabet.levels} letters, ${alphabet.layout}`, () => {
      const [step] = absMaxScale(matrix(3, 1, Float64Array.of(0.5, -2, 1)), alphabet, 'channel').steps;
      const reach = Math.max(Math.abs(alphabet.lowest + alphabet.shift), alphabet.highest + alphabet.shift);
      expect(step).to.be.below(Infinity);
      expect(step * reach).to.be.at.least(2 - 1e-6);
    });
  }
});

it('meanSquareScale of the alphabet {−1, 0} is finite', () => {
  const alphabet = uniformAlphabet({bits: 1, layout: 'twosComplement'});
  // of the negative weights −2 and −1 alone, which round to −1: s = 3/2
  expect(
    Array.from(meanSquareScale(matrix(3, 1, Float64Array.of(-2, -1, 5)), alphabet, 'channel').steps),
  ).to.deep.equal([1.5]);
});

/** ‖w − q‖ / ‖w‖. */
function relative(error: number, weights: Matrix): number {
  const norm = weights.data.reduce((sum, w) => sum + w * w, 0);
  return norm > 0 ? Math.sqrt(error / norm) : 0;
}

function errorOf(weights: Matrix, step: number, alphabet: Alphabet): number {
  return step === 0
    ? 0
    : weights.data.reduce(
        (sum, w) => sum + (w - step * (nearestQuantizer.code(w / step, 0, alphabet) + alphabet.shift)) ** 2,
        0,
      );
}
