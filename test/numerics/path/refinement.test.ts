import {expect} from 'chai';
import fc from 'fast-check';
import {
  type Alphabet,
  type AlphabetOptions,
  followPath,
  type Granularity,
  type Matrix,
  meanSquareScale,
  multiply,
  pathFeedback,
  type Quantized,
  refine,
  stepAt,
  uniformAlphabet,
} from 'tfjs-compress/numerics';
import {valuesOf} from '../../../src/numerics/scales/quantized.ts';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {
  columnSquares,
  gaussianMatrix,
  gramsOf,
  perturbed,
  residualOf,
  withoutColumns,
} from '../../support/numerics/randomMatrices.ts';

const granularities: readonly Granularity[] = ['tensor', 'channel', {group: 8}, {group: 7}, {group: 100}];
const alphabets: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 4},
  {bits: 3, layout: 'twosComplement'},
];

const features = 30,
  neurons = 6;
const dead = [0, 13, 29];
const weights = gaussianMatrix(features, neurons, 1);
const original = gaussianMatrix(80, features, 2);
const shadow = withoutColumns(perturbed(original, 3, 0.2), dead);
const {gram, crossGram} = gramsOf(original, shadow);
const target = multiply(crossGram, weights);

for (const granularity of granularities) {
  for (const options of alphabets) {
    const alphabet = uniformAlphabet(options);

    const form = `granularity ${JSON.stringify(granularity)}, ${alphabet.levels} letters, ${alphabet.layout}`;
    describe(`refine, ${form}`, () => {
      const start = rounded(weights, alphabet, granularity);

      it('never raises ‖XW − X̃Q‖², with each round and each sweep, and in the end lowers it', () => {
        let [before] = [errorOf(start, alphabet)];
        for (const [rounds, sweeps] of [
          [1, 0],
          [1, 1],
          [1, 2],
          [2, 2],
          [3, 2],
          [10, 2],
        ]) {
          const after = errorOf(refine(start, gram, target, {alphabet, granularity, rounds, sweeps}), alphabet);
          expect(after).to.be.at.most(before * (1 + 1e-6)); // steps and weights are rounded to float32
          before = after;
        }
        expect(before).to.be.below(0.9 * errorOf(start, alphabet));
      });

      it('keeps every code in the alphabet and every step a positive float32', () => {
        const {codes, scales} = refine(start, gram, target, {alphabet, granularity, rounds: 2, sweeps: 2});
        expect(codes.every((code) => code >= alphabet.lowest && code <= alphabet.highest)).to.equal(true);
        expect(scales.steps.every((step) => step > 0 && Math.fround(step) === step)).to.equal(true);
        if (granularity === 'tensor') expect(new Set(scales.steps).size).to.equal(1);
      });

      it('keeps the letters of dead features', () => {
        const {codes} = refine(start, gram, target, {alphabet, granularity, rounds: 2, sweeps: 2});
        for (const t of dead)
          expect(codes.slice(t * neurons, (t + 1) * neurons)).to.deep.equal(
            start.codes.slice(t * neurons, (t + 1) * neurons),
          );
      });
    });
  }
}

describe('refine', () => {
  const alphabet = uniformAlphabet({bits: 'ternary'});
  const granularity = 'channel';

  it('with more sweeps changes nothing once no single letter lowers the error', () => {
    const settled = refine(rounded(weights, alphabet, granularity), gram, target, {
      alphabet,
      granularity,
      rounds: 1,
      sweeps: 50,
    });
    const again = refine(settled, gram, target, {alphabet, granularity, rounds: 1, sweeps: 0});
    // Without a refit no other letter of any weight gives a lower error.
    for (let i = 0; i < settled.codes.length; i += 7) {
      for (const code of [-1, 0, 1]) {
        const codes = settled.codes.slice();
        codes[i] = code;
        expect(errorOf({...settled, codes}, alphabet)).to.be.at.least(errorOf(settled, alphabet) * (1 - 1e-6));
      }
    }
    expect(again.codes).to.deep.equal(settled.codes);
  });

  it('refits a step to the least squares of its letters: s = ⟨z, GW⟩ / ⟨z, Hz⟩', () => {
    const start = rounded(weights, alphabet, granularity);
    const {scales} = refine(start, gram, target, {alphabet, granularity, rounds: 1, sweeps: 0});
    for (let n = 0; n < neurons; n++) {
      let cross = 0,
        square = 0;
      for (let t = 0; t < features; t++) {
        const z = start.codes[t * neurons + n];
        cross += z * target.data[t * neurons + n];
        for (let s = 0; s < features; s++) square += z * gram.data[t * features + s] * start.codes[s * neurons + n];
      }
      expect(scales.steps[n]).to.be.closeTo(cross / square, 1e-6);
    }
  });

  it('leaves a neuron of zeros at step 0, also one of letters without 0', () => {
    for (const options of [{bits: 'ternary'}, {bits: 2}] as const) {
      const zeros = uniformAlphabet(options);
      const some = {...weights, data: weights.data.map((w, i) => (i % neurons === 2 ? 0 : w))};
      for (const granular of granularities.slice(1)) {
        const start = rounded(some, zeros, granular);
        const {scales} = refine(start, gram, multiply(crossGram, some), {
          alphabet: zeros,
          granularity: granular,
          rounds: 2,
          sweeps: 2,
        });
        for (let t = 0; t < features; t++) expect(stepAt(scales, t, 2)).to.equal(0);
      }
    }
  });

  it('writes into nothing that it is given', () => {
    const start = rounded(weights, alphabet, granularity);
    const before = structuredClone([start.codes, start.scales.steps, gram.data, target.data]);
    refine(start, gram, target, {alphabet, granularity, rounds: 2, sweeps: 2});
    expect([start.codes, start.scales.steps, gram.data, target.data]).to.deep.equal(before);
  });

  it('never raises the error of random layers', () => {
    fc.assert(
      fc.property(
        fc.record({
          size: fc.integer({min: 1, max: 20}),
          columns: fc.integer({min: 1, max: 5}),
          rows: fc.integer({min: 1, max: 30}),
          seed: fc.nat(),
          options: fc.constantFrom(...alphabets),
          granular: fc.constantFrom(...granularities),
        }),
        ({size, columns, rows, seed, options, granular}) => {
          const letters = uniformAlphabet(options);
          const w = gaussianMatrix(size, columns, seed),
            x = gaussianMatrix(rows, size, seed + 1),
            y = perturbed(x, seed + 2, 0.3);
          const grams = gramsOf(x, y);
          const start = rounded(w, letters, granular);
          const end = refine(start, grams.gram, multiply(grams.crossGram, w), {
            alphabet: letters,
            granularity: granular,
            rounds: 2,
            sweeps: 2,
          });
          const squares = [start, end].map((q) =>
            columnSquares(residualOf(x, w, y, valuesOf(q, letters, columns))).reduce((sum, e) => sum + e, 0),
          );
          const scale = columnSquares(multiply(x, w)).reduce((sum, e) => sum + e, 0);
          expect(squares[1]).to.be.at.most(squares[0] * (1 + 1e-6) + 1e-9 * scale);
        },
      ),
      {seed: 1, numRuns: 300},
    );
  });
});

/** W rounded to nearest. */
function rounded(given: Matrix, alphabet: Alphabet, granularity: Granularity): Quantized {
  const scales = meanSquareScale(given, alphabet, granularity);
  const codes = new Int16Array(given.data.length);
  followPath(given, pathFeedback({...gram, rows: given.rows, columns: given.rows}, {kind: 'none'}), (x, t, n) => {
    const step = stepAt(scales, t, n);
    codes[t * given.columns + n] = step > 0 ? nearestQuantizer.code(x / step, 0, alphabet) : 0;
    return 0;
  });
  return {codes, scales};
}

/** ‖XW − X̃Q‖², from the inputs themselves. */
function errorOf(quantized: Quantized, alphabet: Alphabet): number {
  return columnSquares(residualOf(original, weights, shadow, valuesOf(quantized, alphabet, neurons))).reduce(
    (sum, square) => sum + square,
    0,
  );
}
