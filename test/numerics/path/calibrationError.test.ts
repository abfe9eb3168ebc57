import {expect} from 'chai';
import {
  alignWeights,
  calibrationErrors,
  calibrationGain,
  type FeedbackOptions,
  followPath,
  matrix,
  multiply,
  pathFeedback,
  uniformAt,
} from 'tfjs-compress/numerics';
import {subtract} from '../../../src/numerics/linalg/matrix.ts';
import {replayDrift as replayDriftTask} from '../../../src/numerics/path/calibrationError.ts';
import {sync} from '../../../src/numerics/task.ts';
import {
  columnSquares,
  gaussianMatrix,
  gramsOf,
  largestDifference,
  perturbed,
  residualOf,
  withoutColumns,
} from '../../support/numerics/randomMatrices.ts';

const replayDrift = sync(replayDriftTask);

const features = 40,
  neurons = 6;
const weights = gaussianMatrix(features, neurons, 1);
const original = gaussianMatrix(70, features, 2);
const shadow = withoutColumns(perturbed(original, 3, 0.2), [4, 39]);
const {gram, crossGram} = gramsOf(original, shadow);

const candidates = [0.2, 0.4, 0.7].map(
  (step, path) => (x: number, t: number, n: number) => step * Math.floor(x / step + uniformAt(9, 0, t, n, path)),
);

const feedbacks: Readonly<Record<string, FeedbackOptions>> = {
  'path, C = 1': {kind: 'path'},
  'path, C = 2': {kind: 'path', scaling: 2},
  'path, C = 16': {kind: 'path', scaling: 16},
  optimal: {kind: 'optimal'},
  none: {kind: 'none'},
};

describe('calibrationErrors', () => {
  for (const method of ['none', 'order', 'exact'] as const) {
    const aligned = alignWeights(weights, gram, crossGram, {method});
    const residual = subtract(multiply(crossGram, weights), multiply(gram, aligned));
    const ownError = columnSquares(residualOf(original, weights, shadow, aligned));

    for (const [name, feedback] of Object.entries(feedbacks)) {
      it(`is ‖XW − X̃Q‖² less ‖XW − X̃W̃‖² per neuron: alignment '${method}', feedback ${name}`, () => {
        for (const quantize of candidates) {
          const path = followPath(aligned, pathFeedback(gram, feedback), quantize);
          const found =
            feedback.kind === 'path'
              ? calibrationErrors(gram, residual, aligned, path, feedback.scaling ?? 1)
              : calibrationErrors(gram, residual, aligned, replayDrift(gram, aligned, path.values), 1);
          const expected = columnSquares(residualOf(original, weights, shadow, path.values)).map(
            (error, n) => error - ownError[n],
          );
          expect(largestDifference(found, expected)).to.be.below(1e-9 * Math.max(...expected.map(Math.abs)) + 1e-9);
        }
      });
    }
  }

  it('keeps its digits where the features have a common offset of 10⁴', () => {
    // Without the subtraction of ‖XW‖², 10⁸ times larger than the differences asked for.
    const offset = matrix(
      70,
      features,
      original.data.map((entry) => entry + 1e4),
    );
    const grams = gramsOf(offset, offset);
    const errorsOf = (values: typeof weights) =>
      calibrationErrors(grams.gram, matrix(features, neurons), weights, replayDrift(grams.gram, weights, values), 1);
    for (const quantize of candidates) {
      const {values} = followPath(weights, pathFeedback(grams.gram, {kind: 'path'}), quantize);
      const expected = columnSquares(residualOf(offset, weights, offset, values));
      errorsOf(values).forEach((found, n) => expect(found).to.be.closeTo(expected[n], 1e-4 * expected[n]));
    }
  });
});

describe('replayDrift', () => {
  it('is the drift of the path that found the values', () => {
    const path = followPath(weights, pathFeedback(gram, {kind: 'path'}), candidates[0]);
    const replayed = replayDrift(gram, weights, path.values);
    expect(replayed.values.data).to.deep.equal(path.values.data);
    expect(replayed.drift.data).to.deep.equal(path.drift.data);
  });
});

describe('calibrationGain', () => {
  it('is ‖XW − X̃Q‖² − ‖XW − X̃Q⁺‖² per neuron, below 0 where the error rises', () => {
    const [from, to] = [perturbed(weights, 5, 0.3), perturbed(weights, 6, 0.3)];
    const [before, after] = [from, to].map((values) => columnSquares(residualOf(original, weights, shadow, values)));
    const gain = calibrationGain(gram, multiply(crossGram, weights), from, to);
    expect(
      largestDifference(
        gain,
        before.map((square, n) => square - after[n]),
      ),
    ).to.be.below(1e-9 * Math.max(...before));
    expect(gain.some((value) => value < 0)).to.equal(true);
  });

  it('has no cancellation: a change of 1e-9 costs 2e-9 · R_t to ten digits, with inputs of mean 1,000', () => {
    const x = {...original, data: original.data.map((entry) => entry + 1000)};
    const grams = gramsOf(x, x);
    const from = perturbed(weights, 7, 0.1);
    const to = {...from, data: from.data.slice()};
    to.data[12] += 1e-9;
    const delta = to.data[12] - from.data[12];
    const goal = multiply(grams.gram, weights);
    const slope = subtract(goal, multiply(grams.gram, from)).data[12];
    const curvature = grams.gram.data[2 * features + 2];
    expect(calibrationGain(grams.gram, goal, from, to)[0]).to.be.closeTo(
      delta * (2 * slope - curvature * delta),
      1e-10 * Math.abs(delta * slope),
    );
  });
});
