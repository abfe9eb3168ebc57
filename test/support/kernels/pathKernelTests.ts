import {expect} from 'chai';
import type {Matrix} from '../../../src/numerics/linalg/matrix.ts';
import {type CodedPath, pathFollower} from '../../../src/ops/followPath.ts';
import {choiceOf, expectedPath, type PathCase, type PathProblem, pathProblem} from './pathProblems.ts';

type Operator = Pick<PathCase, 'kind' | 'levels' | 'rounding' | 'threshold' | 'masked'>;

/**
 * Compares the backend's kernel with the float64 reference, once for each T, alphabet and rounding; for use inside
 * `onBackends`. Operators that make zeros differ from quantizers within a block only: the last two sizes are enough
 * for them.
 */
export function testPathKernel(features: readonly number[], neurons: readonly number[]): void {
  for (const rounding of ['nearest', 'stochastic'] as const) {
    for (const levels of [2, 3, 4, 15, 255])
      testOperator(`codes equal the float64 reference: ${levels} letters`, {levels, rounding}, features, neurons);
    for (const levels of [2, 4, 15]) {
      testOperator(
        `codes with a mask equal the float64 reference: ${levels} letters`,
        {levels, rounding, masked: true},
        features.slice(-2),
        neurons,
      );
      testOperator(
        `codes with a dead zone equal the float64 reference: ${levels} letters`,
        {kind: 'sparseQuantizer', levels, rounding, threshold: 0.7},
        features.slice(-2),
        neurons,
      );
    }
    testOperator(
      'the zeros of the pruner are those of the float64 reference',
      {kind: 'pruner', levels: Infinity, rounding, threshold: 0.7},
      features.slice(-2),
      neurons,
    );
  }
}

function testOperator(fact: string, operator: Operator, features: readonly number[], neurons: readonly number[]): void {
  it(`${fact}, ${operator.rounding} rounding, ${features.join()} × ${neurons.join()} weights`, async () => {
    for (const rows of features) {
      for (const columns of neurons) {
        await expectReference(rows, columns, {...operator, granularity: 'channel', scaling: 1, path: 0});
        await expectReference(rows, columns, {...operator, granularity: {group: 50}, scaling: 4, path: 3});
      }
    }
  });
}

async function expectReference(features: number, neurons: number, given: PathCase): Promise<void> {
  const problem = pathProblem(features, neurons, given.scaling);
  const choice = choiceOf(problem, given);
  const follower = pathFollower(problem.aligned, problem.feedback, {strict: true});
  try {
    const found = await follower.follow(choice);
    const expected = expectedPath(problem, choice);
    if (choice.kind === 'pruner') expectSameZeros(found, expected);
    else expectSamePath(found, expected, problem);
  } finally {
    follower.dispose();
  }
}

/** The same codes and letters, and the same drift to 10⁻⁵ of its largest value. */
export function expectSamePath(found: CodedPath, expected: CodedPath, problem: PathProblem): void {
  expect(differences(found, expected, problem)).to.deep.equal([]);
  expect(found.values).to.deep.equal(expected.values);
  expectClose(found.drift, expected.drift);
}

/** The same zeros; kept weights and drift the same to 10⁻⁵ of the largest. */
function expectSameZeros(found: CodedPath, expected: CodedPath): void {
  const zeros = ({values}: CodedPath) => Array.from(values.data.keys()).filter((i) => values.data[i] === 0);
  expect(zeros(found)).to.deep.equal(zeros(expected));
  expectClose(found.values, expected.values);
  expectClose(found.drift, expected.drift);
}

/** The same to 10⁻⁵ of the largest value. */
function expectClose(found: Matrix, expected: Matrix): void {
  const scale = expected.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const distance = expected.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - found.data[i])), 0);
  expect(distance).to.be.at.most(1e-5 * scale);
}

/** The first codes that differ, with their arguments x: a near tie in float32, or a mistake. */
function differences(found: CodedPath, expected: CodedPath, {aligned: {columns, data}}: PathProblem): string[] {
  const wrong = Array.from(found.codes.keys())
    .filter((i) => found.codes[i] !== expected.codes[i])
    .slice(0, 3);
  const nameOf = (i: number) => `feature ${Math.floor(i / columns)}, neuron ${i % columns} of ${columns}`;
  return wrong.map(
    (i) =>
      `code ${found.codes[i]} of ${nameOf(i)}: expected ${expected.codes[i]}, ` +
      `x = ${data[i] + expected.drift.data[i]}, on the device ${data[i] + found.drift.data[i]}`,
  );
}
