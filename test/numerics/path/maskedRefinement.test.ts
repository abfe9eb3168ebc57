import {expect} from 'chai';
import fc from 'fast-check';
import {
  type AlphabetOptions,
  calibrationGain,
  codeOfZero,
  keepLargest,
  multiply,
  refine,
  type RefinementOptions,
  uniformAlphabet,
  valuesOf,
} from 'tfjs-compress/numerics';
import {
  errorOf,
  features,
  gram,
  granularities,
  mask,
  neurons,
  rounded,
  target,
  weights,
} from '../../support/numerics/maskedProblem.ts';
import {columnSquares, gaussianMatrix, gramsOf, perturbed, residualOf} from '../../support/numerics/randomMatrices.ts';
const alphabets: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 4},
  {bits: 3, layout: 'twosComplement'},
];

for (const granularity of granularities) {
  for (const options of alphabets) {
    const alphabet = uniformAlphabet(options);
    for (const support of [mask, undefined]) {
      for (const offset of [false, true]) {
        const form = `${support ? 'masked' : 'whole'}, ${offset ? 'with' : 'without'} offset`;
        const name = `${form}, ${JSON.stringify(granularity)}, ${alphabet.levels} letters, ${alphabet.layout}`;
        it(`refine never raises ‖XW − X̃Q‖², with each refit and each sweep, and in the end lowers it: ${name}`, () => {
          const start = rounded(weights, alphabet, granularity, support);
          let [from, before] = [start, errorOf(start, alphabet)];
          for (const sweeps of [0, 1, 0, 2, 0, 5]) {
            from = refine(from, gram, target, {alphabet, granularity, rounds: 1, sweeps, offset});
            const after = errorOf(from, alphabet);
            expect(after).to.be.at.most(before * (1 + 1e-6)); // steps, offsets and weights are rounded to float32
            before = after;
          }
          expect(before).to.be.below(0.95 * errorOf(start, alphabet));
        });
      }
    }
  }
}

describe('refine', () => {
  it('keeps pruned weights exactly 0 with their codes, whatever alphabet and offset', () => {
    for (const options of alphabets) {
      for (const granularity of granularities) {
        const alphabet = uniformAlphabet(options);
        const end = refine(rounded(weights, alphabet, granularity, mask), gram, target, {
          alphabet,
          granularity,
          rounds: 2,
          sweeps: 2,
          offset: true,
          pairs: 1,
        });
        const values = valuesOf(end, alphabet, neurons);
        expect(end.mask).to.deep.equal(mask);
        mask.forEach((kept, i) => {
          if (kept === 0) expect([end.codes[i], values.data[i]]).to.deep.equal([codeOfZero(alphabet), 0]);
        });
      }
    }
  });

  it('with a mask of ones gives the same bits as without', () => {
    for (const offset of [false, true]) {
      for (const granularity of granularities) {
        const alphabet = uniformAlphabet({bits: 2});
        const options: RefinementOptions = {alphabet, granularity, rounds: 2, sweeps: 2, offset};
        const start = rounded(weights, alphabet, granularity, undefined);
        const plain = refine(start, gram, target, options);
        const ones = new Uint8Array(features * neurons).fill(1);
        expect(refine({...start, mask: ones}, gram, target, options)).to.deep.equal({...plain, mask: ones});
      }
    }
  });

  it('never raises the error of random masked layers', () => {
    fc.assert(
      fc.property(
        fc.record({
          size: fc.integer({min: 1, max: 20}),
          columns: fc.integer({min: 1, max: 5}),
          rows: fc.integer({min: 1, max: 30}),
          seed: fc.nat(),
          sparsity: fc.double({min: 0, max: 1, noNaN: true}),
          offset: fc.boolean(),
          pairs: fc.nat({max: 2}),
          options: fc.constantFrom(...alphabets),
          granular: fc.constantFrom(...granularities),
        }),
        ({size, columns, rows, seed, sparsity, offset, pairs, options, granular}) => {
          const letters = uniformAlphabet(options);
          const w = gaussianMatrix(size, columns, seed),
            x = gaussianMatrix(rows, size, seed + 1),
            y = perturbed(x, seed + 2, 0.3);
          const grams = gramsOf(x, y);
          const goal = multiply(grams.crossGram, w);
          const start = rounded(w, letters, granular, keepLargest(w, 'unstructured', sparsity));
          const end = refine(start, grams.gram, goal, {
            alphabet: letters,
            granularity: granular,
            rounds: 2,
            sweeps: 2,
            offset,
            pairs,
          });
          const [from, to] = [start, end].map((q) => valuesOf(q, letters, columns));
          const gain = sumOf(calibrationGain(grams.gram, goal, from, to));
          expect(gain).to.be.at.least(
            -1e-6 * sumOf(columnSquares(residualOf(x, w, y, from))) - 1e-9 * sumOf(columnSquares(multiply(x, w))),
          );
          expect(end.scales.steps.every((step) => step >= 0 && Math.fround(step) === step)).to.equal(true);
          expect(end.scales.offsets?.every((value) => Math.fround(value) === value) ?? !offset).to.equal(true);
        },
      ),
      {seed: 1, numRuns: 300},
    );
  });
});

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
