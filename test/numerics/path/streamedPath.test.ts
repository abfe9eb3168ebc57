import {expect} from 'chai';
import {alignWeights, followPath, type Matrix, pathFeedback, uniformAt} from 'tfjs-compress/numerics';
import {
  gaussianMatrix,
  gramsOf,
  largestDifference,
  perturbed,
  residualOf,
  withoutColumns,
} from '../../support/numerics/randomMatrices.ts';
import {type Letter, streamedAlignment, streamedPath} from '../../support/numerics/streamed.ts';

const samples = 60,
  features = 33,
  neurons = 5;
const step = 0.3,
  maxCode = 3,
  seed = 20;
const tolerance = 1e-9;

const weights = gaussianMatrix(features, neurons, 1, 0.3);
const x = gaussianMatrix(samples, features, 2);
const shadow = perturbed(x, 3, 0.2);

const inputs: Readonly<Record<string, {original: Matrix; shadow: Matrix}>> = {
  'inputs that differ': {original: x, shadow},
  'inputs that agree': {original: x, shadow: x},
  'features dead in X̃ only': {original: x, shadow: withoutColumns(shadow, [0, 7, 32])},
  'features dead in X only': {original: withoutColumns(x, [0, 7, 32]), shadow},
  'features dead in both': {original: withoutColumns(x, [0, 7, 32]), shadow: withoutColumns(shadow, [0, 7, 32])},
  'no more rows than features': {original: gaussianMatrix(20, features, 4), shadow: gaussianMatrix(20, features, 5)},
};

const operators: Readonly<Record<string, Letter>> = {
  nearest: (y) => step * clip(Math.floor(y / step + 0.5)),
  // up with probability y − ⌊y⌋
  stochastic: (y, t, n) =>
    step * clip(Math.floor(y / step) + (uniformAt(seed, 0, t, n) < y / step - Math.floor(y / step) ? 1 : 0)),
};

describe('the recurrence in Gram form equals the streamed one over samples', () => {
  for (const [name, given] of Object.entries(inputs)) {
    const {gram, crossGram} = gramsOf(given.original, given.shadow);

    describe(name, () => {
      for (const order of [1, 2, 3]) {
        for (const dead of ['keep', 'zero'] as const) {
          const streamed = streamedAlignment(given.original, given.shadow, weights, order, dead);
          const aligned = alignWeights(weights, gram, crossGram, {method: 'order', order, dead});

          it(`aligned weights of order ${order}, dead features: ${dead}`, () => {
            expect(largestDifference(aligned.data, streamed.data)).to.be.below(tolerance);
          });

          for (const scaling of [1, 2, 4]) {
            for (const [rounding, letter] of Object.entries(operators)) {
              it(`codes and residuals after order ${order} (${dead}), C = ${scaling}, ${rounding}`, () => {
                const expected = streamedPath(given.shadow, streamed, scaling, letter);
                const {values} = followPath(aligned, pathFeedback(gram, {kind: 'path', scaling}), letter, {
                  blockSize: 8,
                });
                expect(Array.from(values.data)).to.deep.equal(Array.from(expected.data));
                expect(largestDifference(residual(given, values), residual(given, expected))).to.be.below(tolerance);
              });
            }
          }
        }
      }
    });
  }
});

it('a feature dead in X̃ but alive in X moves the weights after it, through w_t X_t', () => {
  const given = {original: x, shadow: withoutColumns(x, [0])};
  const {gram, crossGram} = gramsOf(given.original, given.shadow);
  const aligned = alignWeights(weights, gram, crossGram, {method: 'order', order: 1});
  const withoutFirst = gramsOf(withoutColumns(x, [0]), given.shadow);
  const unmoved = alignWeights(weights, withoutFirst.gram, withoutFirst.crossGram, {method: 'order', order: 1});
  expect(largestDifference(aligned.data, unmoved.data)).to.be.above(0.01);
});

function residual(given: {original: Matrix; shadow: Matrix}, values: Matrix): Float64Array {
  return residualOf(given.original, weights, given.shadow, values).data;
}

function clip(code: number): number {
  return Math.min(Math.max(code, -maxCode), maxCode);
}
