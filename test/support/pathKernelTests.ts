import {expect} from 'chai';
import {type CodedPath, pathFollower} from '../../src/ops/followPath.ts';
import {choiceOf, expectedPath, type PathCase, type PathProblem, pathProblem} from './pathProblems.ts';

/** The backend's kernel against the float64 reference, once for each alphabet and rounding; for use inside `onBackends`. */
export function testPathKernel(features: readonly number[], neurons: readonly number[]): void {
  for (const levels of [2, 3, 4, 15, 255]) {
    for (const rounding of ['nearest', 'stochastic'] as const) {
      it(`codes equal the float64 reference: ${levels} letters, ${rounding} rounding, ${features.join()} × ${neurons.join()} weights`, async () => {
        for (const rows of features) {
          for (const columns of neurons) {
            await expectReference(rows, columns, {levels, rounding, granularity: 'channel', scaling: 1, path: 0});
            await expectReference(rows, columns, {levels, rounding, granularity: {group: 50}, scaling: 4, path: 3});
          }
        }
      });
    }
  }
}

async function expectReference(features: number, neurons: number, given: PathCase): Promise<void> {
  const problem = pathProblem(features, neurons, given.scaling);
  const choice = choiceOf(problem, given);
  const follower = pathFollower(problem.aligned, problem.feedback, {strict: true});
  try {
    expectSamePath(await follower.follow(choice), expectedPath(problem, choice), problem);
  } finally {
    follower.dispose();
  }
}

/** The same codes and letters, and the same drift to 10⁻⁵ of its largest value. */
export function expectSamePath(found: CodedPath, expected: CodedPath, problem: PathProblem): void {
  expect(differences(found, expected, problem)).to.deep.equal([]);
  expect(found.values).to.deep.equal(expected.values);
  const scale = expected.drift.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const distance = expected.drift.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - found.drift.data[i])), 0);
  expect(distance).to.be.at.most(1e-5 * scale);
}

/** The first codes that differ, with their arguments x: a near tie in float32, or a mistake. */
function differences(found: CodedPath, expected: CodedPath, {aligned: {columns, data}}: PathProblem): string[] {
  const wrong = Array.from(found.codes.keys()).filter((i) => found.codes[i] !== expected.codes[i]).slice(0, 3);
  return wrong.map((i) => `code ${found.codes[i]} of feature ${Math.floor(i / columns)}, neuron ${i % columns} of ${columns}: expected ${expected.codes[i]}, `
    + `x = ${data[i] + expected.drift.data[i]}, on the device ${data[i] + found.drift.data[i]}`);
}
