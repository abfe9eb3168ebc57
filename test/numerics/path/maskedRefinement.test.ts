import {expect} from 'chai';
import fc from 'fast-check';
import {
  type Alphabet,
  type AlphabetOptions,
  applyMask,
  calibrationGain,
  codeOfZero,
  type Granularity,
  keepLargest,
  type Mask,
  type Matrix,
  meanSquareScale,
  multiply,
  offsetAt,
  type Quantized,
  refine,
  type RefinementOptions,
  stepAt,
  transpose,
  uniformAlphabet,
  valuesOf,
} from 'tfjs-compress/numerics';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {
  columnSquares,
  gaussianMatrix,
  gramsOf,
  perturbed,
  residualOf,
  withoutColumns,
} from '../../support/numerics/randomMatrices.ts';
import {solve} from '../../support/numerics/solve.ts';

const granularities: readonly Granularity[] = ['tensor', 'channel', {group: 8}, {group: 7}];
const alphabets: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 4},
  {bits: 3, layout: 'twosComplement'},
];

const features = 30,
  neurons = 6;
// The inputs have a mean and so have the weights: an offset has something to do.
const weights = shifted(gaussianMatrix(features, neurons, 1), 0.4);
const original = shifted(gaussianMatrix(80, features, 2), 0.3);
const shadow = withoutColumns(perturbed(original, 3, 0.2), [0, 13, 29]);
const {gram, crossGram} = gramsOf(original, shadow);
const target = multiply(crossGram, weights);
const mask = keepLargest(gaussianMatrix(features, neurons, 4), 'unstructured', 0.5);

for (const granularity of granularities) {
  for (const options of alphabets) {
    const alphabet = uniformAlphabet(options);
    for (const support of [mask, undefined]) {
      for (const offset of [false, true]) {
        const name = `${support ? 'masked' : 'whole'}, ${offset ? 'with' : 'without'} offset, ${JSON.stringify(granularity)}, ${alphabet.levels} letters, ${alphabet.layout}`;
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

  for (const granularity of granularities.slice(0, 3)) {
    // the last of {group: 7} has a single live feature: singular
    for (const support of [mask, undefined]) {
      it(`refits step and offset to the least squares of the letters: ${JSON.stringify(granularity)}, ${support ? 'masked' : 'whole'}`, () => {
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

/** Numbers of the last set of weights that share a step: features from `first`, neurons from `neuron`. */
function lastSetOf(granularity: Granularity): {first: number; neuron: number} {
  if (typeof granularity === 'string') return {first: 0, neuron: granularity === 'tensor' ? 0 : neurons - 1};
  return {first: granularity.group * Math.floor((features - 1) / granularity.group), neuron: neurons - 1};
}

/** argmin ‖XW − X̃(Q₀ + s·Z + c·E)‖² by normal equations over rows; Q₀: the earlier groups of the neuron, refitted before. */
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

/** W rounded to nearest, pruned. */
function rounded(given: Matrix, alphabet: Alphabet, granularity: Granularity, support: Mask | undefined): Quantized {
  const scales = meanSquareScale(given, alphabet, granularity, support);
  const codes = Int16Array.from(applyMask(given, support).data, (w, i) => {
    const step = stepAt(scales, Math.floor(i / given.columns), i % given.columns);
    return step > 0 && support?.[i] !== 0 ? nearestQuantizer.code(w / step, 0, alphabet) : codeOfZero(alphabet);
  });
  return {codes, scales, ...(support && {mask: support})};
}

/** ‖XW − X̃Q‖², from the inputs themselves. */
function errorOf(quantized: Quantized, alphabet: Alphabet): number {
  return sumOf(columnSquares(residualOf(original, weights, shadow, valuesOf(quantized, alphabet, neurons))));
}

function shifted(base: Matrix, by: number): Matrix {
  return {...base, data: base.data.map((entry) => entry + by)};
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
