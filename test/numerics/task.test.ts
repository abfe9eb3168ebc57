import {expect} from 'chai';
import {
  type AlignmentOptions,
  alignWeights,
  calibrationGain,
  centred,
  type FeedbackOptions,
  followPath,
  type Granularity,
  keepLargest,
  type Matrix,
  meanSquareScale,
  multiply,
  pathFeedback,
  type Quantized,
  refine,
  solveOnSupport,
  transpose,
  uniformAlphabet,
} from 'tfjs-compress/numerics';
import {centerGramsTask} from '../../src/numerics/correction/centering.ts';
import {cholesky, choleskySolve, choleskySolveTask, choleskyTask} from '../../src/numerics/linalg/cholesky.ts';
import {solveOnSupportTask} from '../../src/numerics/linalg/conjugateGradients.ts';
import {addToDiagonal, matrix, transposeTask} from '../../src/numerics/linalg/matrix.ts';
import {multiplyTask} from '../../src/numerics/linalg/product.ts';
import {alignWeightsTask} from '../../src/numerics/path/alignment.ts';
import {calibrationGainTask, replayDrift, replayDriftTask} from '../../src/numerics/path/calibrationError.ts';
import {dampedFeedbackTask} from '../../src/numerics/path/pathFeedback.ts';
import {followPathTask} from '../../src/numerics/path/pathFollowing.ts';
import {refineTask} from '../../src/numerics/path/refinement.ts';
import {meanSquareScaleTask} from '../../src/numerics/scales/meanSquareScale.ts';
import {nearestQuantizer} from '../../src/numerics/stochastic/nearestQuantizer.ts';
import {runSync, type Task} from '../../src/numerics/task.ts';
import {columnMeans, gaussianMatrix, gramsOf, perturbed} from '../support/numerics/randomMatrices.ts';

const features = 300,
  neurons = 40;
/** No step does more than this much of a large computation. */
const TOGETHER = {features: 64, neurons: 16};

const weights = gaussianMatrix(features, neurons, 1);
const original = gaussianMatrix(400, features, 2);
const shadow = perturbed(original, 3, 0.2);
const {gram, crossGram} = gramsOf(original, shadow);
const target = multiply(crossGram, weights);
const mask = keepLargest(gaussianMatrix(features, neurons, 4), 'unstructured', 0.5);
const alphabet = uniformAlphabet({bits: 2});
const positive = addToDiagonal(gram, 1);
const factor = cholesky(positive) ?? matrix(0, 0);

/** By name: a computation in steps, at once, and the fewest steps that it may take. */
const computations: Readonly<Record<string, readonly [() => Task<unknown>, () => unknown, number]>> = {
  multiply: [() => multiplyTask(crossGram, weights), () => multiply(crossGram, weights), 6],
  transpose: [() => transposeTask(wide()), () => transpose(wide()), 2],
  centred: [() => centerGramsTask(pair()), () => centred(pair()), 2],
  cholesky: [() => choleskyTask(positive), () => cholesky(positive), features],
  choleskySolve: [() => choleskySolveTask(factor, target), () => choleskySolve(factor, target), 2 * features],
  ...alignments({exact: {method: 'exact'}, 'of order 2': {method: 'order', order: 2, dead: 'zero'}}),
  ...feedbacks({path: {kind: 'path', scaling: 1.5}, optimal: {kind: 'optimal'}}),
  followPath: [
    () => followPathTask(weights, feedback(), nearest),
    () => followPath(weights, feedback(), nearest),
    features / TOGETHER.features,
  ],
  replayDrift: [
    () => replayDriftTask(gram, weights, target),
    () => replayDrift(gram, weights, target),
    features / TOGETHER.features,
  ],
  calibrationGain: [
    () => calibrationGainTask(gram, target, weights, target),
    () => calibrationGain(gram, target, weights, target),
    12,
  ],
  solveOnSupport: [
    () => solveOnSupportTask(gram, target, weights, mask),
    () => solveOnSupport(gram, target, weights, mask),
    100,
  ],
  ...scales(['channel', 'tensor', {group: 9}]),
  ...refinements(['channel', 'tensor', {group: 9}]),
};

describe('in steps', () => {
  for (const [name, [steps, atOnce]] of Object.entries(computations)) {
    it(`${name} gives the same bits as at once, even where another one has its turn between them`, () => {
      const others = repeated(() => multiplyTask(gram, weights));
      expect(
        runSync(
          between(steps(), () => {
            others.next();
          }),
        ),
      ).to.deep.equal(atOnce());
    });
  }

  for (const [name, [steps, , fewest]] of Object.entries(computations)) {
    it(`${name} of ${features} features and ${neurons} neurons takes at least ${Math.ceil(fewest)} steps`, () => {
      let count = 0;
      runSync(
        between(steps(), () => {
          count++;
        }),
      );
      expect(count).to.be.at.least(fewest);
    });
  }

  it('none is done before the first is asked for, nor after it was left', () => {
    const errors: number[] = [];
    const task = followPathTask(weights, feedback(), (x) => {
      errors.push(x);
      return x;
    });
    expect(errors).to.have.length(0);
    task.next();
    task.next();
    task.return(undefined as never);
    expect(task.next().done).to.equal(true);
    expect(errors.length).to.be.within(1, 2 * TOGETHER.features * neurons);
  });
});

/** The same steps, with something done after each. */
function* between<Result>(task: Task<Result>, act: () => void): Task<Result> {
  let step = task.next();
  while (!step.done) {
    act();
    yield;
    step = task.next();
  }
  return step.value;
}

function* repeated(make: () => Task<unknown>): Generator<void> {
  for (;;) yield* make();
}

type Computations = Record<string, readonly [() => Task<unknown>, () => unknown, number]>;

function alignments(options: Readonly<Record<string, AlignmentOptions>>): Computations {
  return Object.fromEntries(
    Object.entries(options).map(([name, one]) => [
      `alignWeights ${name}`,
      [
        () => alignWeightsTask(weights, gram, crossGram, one),
        () => alignWeights(weights, gram, crossGram, one),
        features / TOGETHER.features,
      ],
    ]),
  );
}

function feedbacks(options: Readonly<Record<string, FeedbackOptions>>): Computations {
  return Object.fromEntries(
    Object.entries(options).map(([name, one]) => [
      `pathFeedback ${name}`,
      [() => feedbackSteps(one), () => pathFeedback(gram, one), one.kind === 'optimal' ? features : 1],
    ]),
  );
}

function* feedbackSteps(options: FeedbackOptions): Task<Matrix> {
  return (yield* dampedFeedbackTask(gram, options)).feedback;
}

function scales(all: readonly Granularity[]): Computations {
  return Object.fromEntries(
    all.map((granularity) => [
      `meanSquareScale ${JSON.stringify(granularity)}`,
      [
        () => meanSquareScaleTask(weights, alphabet, granularity, mask),
        () => meanSquareScale(weights, alphabet, granularity, mask),
        granularity === 'tensor' ? 2 : neurons,
      ],
    ]),
  );
}

function refinements(all: readonly Granularity[]): Computations {
  const blocks = Math.ceil(features / TOGETHER.features) * Math.ceil(neurons / TOGETHER.neurons);
  return Object.fromEntries(
    all.map((granularity) => {
      const options = {alphabet, granularity, rounds: 2, sweeps: 2, pairs: 1, offset: true};
      const start = rounded(granularity);
      return [
        `refine ${JSON.stringify(granularity)}`,
        [
          () => refineTask(start, gram, target, options),
          () => refine(start, gram, target, options),
          2 * (2 * blocks + neurons) + features,
        ],
      ];
    }),
  );
}

function rounded(granularity: Granularity): Quantized {
  const found = meanSquareScale(weights, alphabet, granularity, mask);
  const codes = Int16Array.from(weights.data, (weight, i) => {
    const [t, n] = [Math.floor(i / neurons), i % neurons];
    return nearestQuantizer.code(weight / found.steps[Math.floor(t / found.groupSize) * neurons + n], 0, alphabet);
  });
  return {codes, scales: found, mask};
}

function nearest(x: number): number {
  return Math.round(x);
}

function feedback(): Matrix {
  return pathFeedback(gram, {kind: 'path'});
}

function wide(): Matrix {
  return gaussianMatrix(2 ** 10, 2 ** 10 + 1, 5);
}

function pair(): Parameters<typeof centred>[0] {
  return {gram, crossGram, mean: columnMeans(original), shadowMean: columnMeans(shadow), rows: original.rows};
}
