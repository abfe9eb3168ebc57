import {expect} from 'chai';
import {
  type Alphabet,
  fromRows,
  keepLargest,
  matrix,
  meanSquareScale,
  multiply,
  type Quantized,
  refine,
  uniformAlphabet,
  valuesOf,
} from 'tfjs-compress/numerics';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {columnSquares, gaussianMatrix, gramsOf, residualOf} from '../../support/numerics/randomMatrices.ts';

const features = 14,
  neurons = 5;
const weights = gaussianMatrix(features, neurons, 1);
// Neighbouring features are much alike: each is a mixture, with weights 0.9^|t − s|.
const noise = gaussianMatrix(60, features, 2);
const mixing = matrix(
  features,
  features,
  Float64Array.from({length: features ** 2}, (_, i) => 0.9 ** Math.abs(Math.floor(i / features) - (i % features))),
);
const inputs = multiply(noise, mixing);
const {gram} = gramsOf(inputs, inputs);
const target = multiply(gram, weights);

const granularity = 'channel';

describe('refine with pairs', () => {
  it('swaps two letters of features with similar inputs, which no single move could', () => {
    // XW is the second column. ‖XW − XQ‖² is 0.18 with the first instead, 3.18 with none, 3 with both; the refit is to
    // 1.
    const x = fromRows([
      [1, 1.3],
      [1, 1],
      [1, 0.7],
    ]);
    const w = fromRows([[0], [1]]);
    const start: Quantized = {
      codes: Int16Array.of(1, 0),
      scales: {groupSize: 2, groups: 1, neurons: 1, steps: Float64Array.of(1)},
    };
    const alphabet = uniformAlphabet({bits: 'ternary'});
    const grams = gramsOf(x, x);
    const options = {alphabet, granularity, rounds: 1, sweeps: 3} as const;
    expect(Array.from(refine(start, grams.gram, multiply(grams.gram, w), options).codes)).to.deep.equal([1, 0]);
    expect(Array.from(refine(start, grams.gram, multiply(grams.gram, w), {...options, pairs: 1}).codes)).to.deep.equal([
      0, 1,
    ]);
  });

  for (const bits of [1, 'ternary', 2, 3] as const) {
    const alphabet = uniformAlphabet({bits});

    it(`leaves no two letters that together would lower ‖XW − X̃Q‖²: ${alphabet.levels} letters`, () => {
      // 14 features have no more than 16 partners each, so every pair is looked at.
      const end = settled(rounded(alphabet), alphabet);
      const min = columnSquares(residualOf(inputs, weights, inputs, valuesOf(end, alphabet, neurons)));
      for (let t = 0; t < features; t++) {
        for (let s = 0; s < t; s++) {
          for (const [a, b] of [
            [1, 1],
            [1, -1],
            [-1, 1],
            [-1, -1],
            [1, 0],
            [-1, 0],
          ]) {
            const errors = columnSquares(
              residualOf(inputs, weights, inputs, valuesOf(moved(end, t, a, s, b, alphabet), alphabet, neurons)),
            );
            errors.forEach((error, n) => {
              expect(error).to.be.at.least(min[n] * (1 - 1e-6));
            });
          }
        }
      }
    });

    it(`lowers the error below that of sweeps alone: ${alphabet.levels} letters`, () => {
      const [alone, inPairs] = [0, 1].map((pairs) =>
        refine(rounded(alphabet), gram, target, {alphabet, granularity, rounds: 4, sweeps: 4, pairs}),
      );
      expect(errorOf(inPairs, alphabet)).to.be.below(0.95 * errorOf(alone, alphabet));
    });
  }

  it('never moves a pruned weight', () => {
    const alphabet = uniformAlphabet({bits: 2});
    const mask = keepLargest(weights, 'unstructured', 0.5);
    const start = {...rounded(alphabet), mask};
    const end = refine(start, gram, target, {alphabet, granularity, rounds: 2, sweeps: 1, pairs: 2});
    mask.forEach((kept, i) => {
      if (kept === 0) expect(end.codes[i]).to.equal(start.codes[i]);
    });
    expect(errorOf(end, alphabet)).to.be.below(errorOf(start, alphabet));
  });

  it('does nothing with one feature or dead ones', () => {
    const alphabet = uniformAlphabet({bits: 2});
    const one: Quantized = {
      codes: Int16Array.of(1),
      scales: {groupSize: 1, groups: 1, neurons: 1, steps: Float64Array.of(1)},
    };
    expect(
      refine(one, matrix(1, 1, Float64Array.of(2)), matrix(1, 1, Float64Array.of(3)), {
        alphabet,
        granularity,
        rounds: 1,
        sweeps: 0,
        pairs: 1,
      }).codes,
    ).to.deep.equal(one.codes);
    const start = rounded(alphabet);
    const dead = refine(start, matrix(features, features), matrix(features, neurons), {
      alphabet,
      granularity,
      rounds: 1,
      sweeps: 1,
      pairs: 1,
    });
    expect(dead.codes).to.deep.equal(start.codes);
  });
});

/** Pairs until nothing changes, the steps as they were at the last refit. */
function settled(start: Quantized, alphabet: Alphabet): Quantized {
  return refine(start, gram, target, {alphabet, granularity, rounds: 1, sweeps: 2, pairs: 50});
}

function moved(from: Quantized, t: number, a: number, s: number, b: number, {lowest, highest}: Alphabet): Quantized {
  const clipped = (code: number) => Math.min(Math.max(code, lowest), highest);
  return {
    ...from,
    codes: from.codes.map((code, i) => {
      const feature = Math.floor(i / neurons);
      return feature === t ? clipped(code + a) : feature === s ? clipped(code + b) : code;
    }),
  };
}

function rounded(alphabet: Alphabet): Quantized {
  const scales = meanSquareScale(weights, alphabet, granularity);
  return {
    codes: Int16Array.from(weights.data, (w, i) => nearestQuantizer.code(w / scales.steps[i % neurons], 0, alphabet)),
    scales,
  };
}

function errorOf(quantized: Quantized, alphabet: Alphabet): number {
  return columnSquares(residualOf(inputs, weights, inputs, valuesOf(quantized, alphabet, neurons))).reduce(
    (sum, square) => sum + square,
    0,
  );
}
