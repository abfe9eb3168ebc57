import {expect} from 'chai';
import {
  type AlignmentOptions,
  type FeedbackOptions,
  type Granularity,
  keepLargest,
  type Quantized,
  uniformAlphabet,
} from 'tfjs-compress/numerics';
import {centerGrams} from '../../src/numerics/correction/centering.ts';
import {cholesky, choleskySolve} from '../../src/numerics/linalg/cholesky.ts';
import {solveOnSupport} from '../../src/numerics/linalg/conjugateGradients.ts';
import {addToDiagonal, matrix, transpose} from '../../src/numerics/linalg/matrix.ts';
import {multiply} from '../../src/numerics/linalg/product.ts';
import {alignWeights} from '../../src/numerics/path/alignment.ts';
import {calibrationGain, replayDrift} from '../../src/numerics/path/calibrationError.ts';
import {dampedFeedback} from '../../src/numerics/path/pathFeedback.ts';
import {followPath} from '../../src/numerics/path/pathFollowing.ts';
import {refine} from '../../src/numerics/path/refinement.ts';
import {meanSquareScale} from '../../src/numerics/scales/meanSquareScale.ts';
import {nearestQuantizer} from '../../src/numerics/stochastic/quantizer.ts';
import {runSync, type Task} from '../../src/numerics/task.ts';
import {columnMeans, gaussianMatrix, gramsOf, perturbed} from '../support/numerics/randomMatrices.ts';

const features = 300,
  neurons = 40;
/** No part does more than this much of a large computation. */
const TOGETHER = {features: 64, neurons: 16};

const weights = gaussianMatrix(features, neurons, 1);
const original = gaussianMatrix(400, features, 2);
const shadow = perturbed(original, 3, 0.2);
const {gram, crossGram} = gramsOf(original, shadow);
const target = runSync(multiply(crossGram, weights));
const pair = {gram, crossGram, mean: columnMeans(original), shadowMean: columnMeans(shadow), rows: original.rows};
const {feedback} = runSync(dampedFeedback(gram, {kind: 'path'}));
const mask = keepLargest(gaussianMatrix(features, neurons, 4), 'unstructured', 0.5);
const alphabet = uniformAlphabet({bits: 2});
const positive = addToDiagonal(gram, 1);
const factor = runSync(cholesky(positive)) ?? matrix(0, 0);

/** By name: a computation, and the fewest parts that it may take. */
const computations: Readonly<Record<string, readonly [() => Task<unknown>, number]>> = {
  multiply: [() => multiply(crossGram, weights), 6],
  transpose: [() => transpose(gaussianMatrix(2 ** 10, 2 ** 10 + 1, 5)), 2],
  centerGrams: [() => centerGrams(pair), 2],
  cholesky: [() => cholesky(positive), features],
  choleskySolve: [() => choleskySolve(factor, target), 2 * features],
  ...alignments({exact: {method: 'exact'}, 'of order 2': {method: 'order', order: 2, dead: 'zero'}}),
  ...feedbacks({path: {kind: 'path', scaling: 1.5}, optimal: {kind: 'optimal'}}),
  followPath: [() => followPath(weights, feedback, Math.round), features / TOGETHER.features],
  replayDrift: [() => replayDrift(gram, weights, target), features / TOGETHER.features],
  calibrationGain: [() => calibrationGain(gram, target, weights, target), 12],
  solveOnSupport: [() => solveOnSupport(gram, target, weights, mask), 100],
  ...scales(['channel', 'tensor', {group: 9}]),
  ...refinements(['channel', 'tensor', {group: 9}]),
};

describe('tasks', () => {
  for (const [name, [compute]] of Object.entries(computations)) {
    it(`${name} gives the same bits as at once, even where another one has its turn between them`, () => {
      const others = repeated(() => multiply(gram, weights));
      expect(
        runSync(
          between(compute(), () => {
            others.next();
          }),
        ),
      ).to.deep.equal(runSync(compute()));
    });
  }

  for (const [name, [compute, fewest]] of Object.entries(computations)) {
    it(`${name} of ${features} features and ${neurons} neurons takes at least ${Math.ceil(fewest)} parts`, () => {
      let count = 0;
      runSync(
        between(compute(), () => {
          count++;
        }),
      );
      expect(count).to.be.at.least(fewest);
    });
  }

  it('none is done before the first is asked for, nor after it was left', () => {
    const errors: number[] = [];
    const task = followPath(weights, feedback, (x) => {
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

/** The same task, with something done after each of its parts. */
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

type Computations = Record<string, readonly [() => Task<unknown>, number]>;

function alignments(options: Readonly<Record<string, AlignmentOptions>>): Computations {
  return mapEntries(options, (one, name) => [
    `alignWeights ${name}`,
    [() => alignWeights(weights, gram, crossGram, one), features / TOGETHER.features],
  ]);
}

function feedbacks(options: Readonly<Record<string, FeedbackOptions>>): Computations {
  return mapEntries(options, (one, name) => [
    `dampedFeedback ${name}`,
    [() => dampedFeedback(gram, one), one.kind === 'optimal' ? features : 1],
  ]);
}

function scales(all: readonly Granularity[]): Computations {
  return mapEntries(all, (granularity) => [
    `meanSquareScale ${JSON.stringify(granularity)}`,
    [() => meanSquareScale(weights, alphabet, granularity, mask), granularity === 'tensor' ? 2 : neurons],
  ]);
}

function refinements(all: readonly Granularity[]): Computations {
  const blocks = Math.ceil(features / TOGETHER.features) * Math.ceil(neurons / TOGETHER.neurons);
  return mapEntries(all, (granularity) => {
    const options = {alphabet, granularity, rounds: 2, sweeps: 2, pairs: 1, offset: true};
    const start = roundWeights(granularity);
    return [
      `refine ${JSON.stringify(granularity)}`,
      [() => refine(start, gram, target, options), 2 * (2 * blocks + neurons) + features],
    ];
  });
}

function mapEntries<One>(
  all: Readonly<Record<string, One>> | readonly One[],
  toEntry: (one: One, name: string) => [string, Computations[string]],
): Computations {
  return Object.fromEntries(Object.entries(all).map(([name, one]: [string, One]) => toEntry(one, name)));
}

function roundWeights(granularity: Granularity): Quantized {
  const found = runSync(meanSquareScale(weights, alphabet, granularity, mask));
  const codes = Int16Array.from(weights.data, (weight, i) => {
    const [t, n] = [Math.floor(i / neurons), i % neurons];
    return nearestQuantizer.code(weight / found.steps[Math.floor(t / found.groupSize) * neurons + n], 0, alphabet);
  });
  return {codes, scales: found, mask};
}
