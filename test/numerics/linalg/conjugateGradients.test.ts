import {expect} from 'chai';
import fc from 'fast-check';
import {applyMask, keepLargest, type Mask, type Matrix, matrix, multiply, solveOnSupport} from 'tfjs-compress/numerics';
import {
  columnSquares,
  gaussianMatrix,
  gramsOf,
  largestDifference,
  perturbed,
  residualOf,
  withoutColumns,
} from '../../support/numerics/randomMatrices.ts';
import {damped, solve} from '../../support/numerics/solve.ts';

const features = 24,
  neurons = 5;
const dead = [3, 20];
const weights = gaussianMatrix(features, neurons, 1);
const original = gaussianMatrix(60, features, 2);
const shadow = withoutColumns(perturbed(original, 3, 0.2), dead);
const {gram, crossGram} = gramsOf(original, shadow);
const target = multiply(crossGram, weights);
const mask = keepLargest(gaussianMatrix(features, neurons, 4), 'unstructured', 0.6);
const exact = {iterations: 200, tolerance: 1e-13};

describe('solveOnSupport', () => {
  for (const [name, support] of [
    ['half the weights', mask],
    ['2 of 4', keepLargest(weights, {n: 2, m: 4}, 0)],
    ['all weights', undefined],
  ] as const) {
    for (const damping of [0.01, 1]) {
      it(`solves (H + λI) V = GW + λV₀ on the support of each neuron: ${name}, damping ${damping}`, () => {
        const found = solveOnSupport(gram, target, weights, support, {damping, ...exact});
        expect(largestDifference(found.data, denseSolution(support, damping).data)).to.be.below(1e-10);
      });
    }
  }

  it('is exactly 0 off the mask, whatever the start', () => {
    const found = solveOnSupport(gram, target, weights, mask);
    expect(found.data.every((value, i) => mask[i] === 1 || Object.is(value, 0))).to.equal(true);
  });

  it('leaves dead features as they were', () => {
    const found = solveOnSupport(gram, target, weights, undefined, {damping: 0});
    for (const t of dead) expect(rowOf(found, t)).to.deep.equal(rowOf(weights, t));
  });

  it('never raises ‖XW − X̃V‖² of any neuron, however few steps it may take', () => {
    fc.assert(
      fc.property(
        fc.record({
          size: fc.integer({min: 1, max: 20}),
          columns: fc.integer({min: 1, max: 4}),
          rows: fc.integer({min: 1, max: 30}),
          seed: fc.nat(),
          sparsity: fc.double({min: 0, max: 1, noNaN: true}),
          damping: fc.constantFrom(0, 0.01, 1),
          iterations: fc.integer({min: 0, max: 60}),
        }),
        ({size, columns, rows, seed, sparsity, ...options}) => {
          const w = gaussianMatrix(size, columns, seed),
            x = gaussianMatrix(rows, size, seed + 1),
            y = perturbed(x, seed + 2, 0.3);
          const kept = keepLargest(w, 'unstructured', sparsity);
          const grams = gramsOf(x, y);
          const found = solveOnSupport(grams.gram, multiply(grams.crossGram, w), w, kept, options);
          const [before, after] = [applyMask(w, kept), found].map((values) =>
            columnSquares(residualOf(x, w, y, values)),
          );
          const scale = columnSquares(multiply(x, w));
          after.forEach((error, n) => {
            expect(error).to.be.at.most(before[n] * (1 + 1e-9) + 1e-12 * scale[n]);
          });
        },
      ),
      {seed: 1, numRuns: 300},
    );
  });

  it('gives zeros to a neuron without kept weights, and changes nothing that is solved already', () => {
    const none = solveOnSupport(
      gram,
      target,
      weights,
      mask.map((kept, i) => (i % neurons === 2 ? 0 : kept)),
    );
    expect(none.data.every((value, i) => Number.isFinite(value) && (i % neurons !== 2 || value === 0))).to.equal(true);
    const zero = matrix(features, neurons);
    expect(solveOnSupport(gram, zero, zero, mask).data).to.deep.equal(zero.data);
  });

  it('with every input dead gives back what is kept of the start', () => {
    const nothing = matrix(features, features);
    expect(solveOnSupport(nothing, matrix(features, neurons), weights, mask).data).to.deep.equal(
      applyMask(weights, mask).data,
    );
  });

  it('writes into nothing that it is given', () => {
    const before = structuredClone([gram.data, target.data, weights.data, mask]);
    solveOnSupport(gram, target, weights, mask);
    expect([gram.data, target.data, weights.data, mask]).to.deep.equal(before);
  });
});

/** Neuron by neuron, by elimination on the rows and columns of its support. */
function denseSolution(support: Mask | undefined, damping: number): Matrix {
  const result = matrix(features, neurons);
  const {gram: whole, lambda} = damped(gram, damping);
  for (let n = 0; n < neurons; n++) {
    const kept = Array.from({length: features}, (_, t) => t).filter((t) => support?.[t * neurons + n] !== 0);
    const square = matrix(
      kept.length,
      kept.length,
      Float64Array.from(kept.flatMap((t) => kept.map((s) => whole.data[t * features + s]))),
    );
    const right = matrix(
      kept.length,
      1,
      Float64Array.from(kept, (t) => target.data[t * neurons + n] + lambda * weights.data[t * neurons + n]),
    );
    const solution = solve(square, right);
    kept.forEach((t, k) => {
      result.data[t * neurons + n] = solution.data[k];
    });
  }
  return result;
}

function rowOf({columns, data}: Matrix, t: number): number[] {
  return Array.from(data.subarray(t * columns, (t + 1) * columns));
}
