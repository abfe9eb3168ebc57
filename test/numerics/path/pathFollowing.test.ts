import {expect} from 'chai';
import fc from 'fast-check';
import {followPath, matrix, pathFeedback, uniformAt} from 'tfjs-compress/numerics';
import {uniformAlphabet} from 'tfjs-compress/numerics';
import {stochasticQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {gaussianMatrix, gramsOf, largestDifference, withoutColumns} from '../../support/numerics/randomMatrices.ts';
import {identity} from '../../support/numerics/solve.ts';
import {streamedPath} from '../../support/numerics/streamed.ts';

const kinds = ['path', 'optimal', 'none'] as const;
const round = (x: number) => Math.floor(x + 0.5);

describe('followPath', () => {
  for (const kind of kinds) {
    it(`with feedback '${kind}' and the identity as gram rounds weight by weight`, () => {
      const weights = gaussianMatrix(150, 7, 1, 2);
      const {values, drift} = followPath(weights, pathFeedback(identity(150), {kind}), round);
      expect(Array.from(values.data)).to.deep.equal(Array.from(weights.data, round));
      expect(drift.data.every((entry) => entry === 0)).to.equal(true);
    });

    it(`with feedback '${kind}' and T the identity gives W back, bit by bit`, () => {
      const x = gaussianMatrix(40, 150, 2);
      const weights = gaussianMatrix(150, 7, 3);
      const {values} = followPath(weights, pathFeedback(gramsOf(x, x).gram, {kind}), (w) => w);
      expect(values.data).to.deep.equal(weights.data);
    });
  }

  it("with feedback 'none' rounds to nearest, whatever the gram", () => {
    const x = gaussianMatrix(40, 30, 4);
    const weights = gaussianMatrix(30, 5, 5, 3);
    const {values} = followPath(weights, pathFeedback(gramsOf(x, x).gram, {kind: 'none'}), round);
    expect(Array.from(values.data)).to.deep.equal(Array.from(weights.data, round));
  });

  it("with feedback 'path', C = 1 and nearest rounding is GPFQ: q_t = Q(w_t + ⟨X_t, u_{t−1}⟩ / ‖X_t‖²)", () => {
    const x = gaussianMatrix(80, 60, 6);
    const weights = gaussianMatrix(60, 5, 7, 3);
    const {values} = followPath(weights, pathFeedback(gramsOf(x, x).gram, {kind: 'path'}), round);
    expect(Array.from(values.data)).to.deep.equal(Array.from(streamedPath(x, weights, 1, round).data));
  });

  it('rounds a dead feature by itself', () => {
    const x = withoutColumns(gaussianMatrix(40, 20, 8), [0, 9, 19]);
    const weights = gaussianMatrix(20, 5, 9, 3);
    const {values} = followPath(weights, pathFeedback(gramsOf(x, x).gram, {kind: 'path'}), round);
    for (const t of [0, 9, 19])
      for (let n = 0; n < 5; n++) expect(values.data[t * 5 + n]).to.equal(round(weights.data[t * 5 + n]));
  });

  it('gives the same bits for any block size', () => {
    const alphabet = uniformAlphabet({bits: 3});
    fc.assert(
      fc.property(
        fc.record({
          features: fc.integer({min: 1, max: 70}),
          neurons: fc.integer({min: 1, max: 11}),
          rows: fc.integer({min: 1, max: 40}),
          blockSize: fc.integer({min: 1, max: 80}),
          kind: fc.constantFrom(...kinds),
          scaling: fc.constantFrom(1, 2, 4),
          seed: fc.nat(),
        }),
        ({features, neurons, rows, blockSize, kind, scaling, seed}) => {
          const x = gaussianMatrix(rows, features, seed);
          const weights = gaussianMatrix(features, neurons, seed + 1, 2);
          const feedback = pathFeedback(gramsOf(x, x).gram, {kind, scaling});
          const letter = (y: number, t: number, n: number) =>
            stochasticQuantizer.code(y, uniformAt(seed, 0, t, n), alphabet);
          const whole = followPath(weights, feedback, letter);
          const blocked = followPath(weights, feedback, letter, {blockSize});
          expect(blocked.values.data).to.deep.equal(whole.values.data);
          expect(blocked.drift.data).to.deep.equal(whole.drift.data);
        },
      ),
      {seed: 1, numRuns: 200},
    );
  });

  it('asks T once for each weight, features in ascending order', () => {
    const asked: string[] = [];
    followPath(
      matrix(3, 2),
      matrix(3, 3),
      (x, t, n) => {
        asked.push(`${t} ${n}`);
        return x;
      },
      {blockSize: 2},
    );
    expect(asked).to.deep.equal(['0 0', '0 1', '1 0', '1 1', '2 0', '2 1']);
  });

  it('has a drift that explains every step: F (W̃ − Q)', () => {
    const x = gaussianMatrix(40, 20, 10);
    const weights = gaussianMatrix(20, 3, 11, 3);
    const feedback = pathFeedback(gramsOf(x, x).gram, {kind: 'path', scaling: 2});
    const {values, drift} = followPath(weights, feedback, round);
    const expected = matrix(20, 3);
    for (let t = 0; t < 20; t++)
      for (let s = 0; s < t; s++)
        for (let n = 0; n < 3; n++) {
          expected.data[t * 3 + n] += feedback.data[t * 20 + s] * (weights.data[s * 3 + n] - values.data[s * 3 + n]);
        }
    expect(largestDifference(drift.data, expected.data)).to.be.below(1e-12);
  });

  it('refuses a feedback that does not fit', () => {
    expect(() => followPath(matrix(3, 2), matrix(4, 4), round)).to.throw(
      RangeError,
      'followPath: expected a square gram for 3 features, got [4, 4]',
    );
  });
});

describe('pathFeedback', () => {
  it("of 'path' is H_ts / (C H_tt) below the diagonal", () => {
    const gram = matrix(2, 2, Float64Array.of(4, 2, 2, 8));
    expect(Array.from(pathFeedback(gram, {kind: 'path'}).data)).to.deep.equal([0, 0, 0.25, 0]);
    expect(Array.from(pathFeedback(gram, {kind: 'path', scaling: 2}).data)).to.deep.equal([0, 0, 0.125, 0]);
  });

  it("of 'optimal' is A_ts / A_tt with H = AᵀA", () => {
    // A = [[1, 0], [3, 2]] gives AᵀA = [[10, 6], [6, 4]]
    const feedback = pathFeedback(matrix(2, 2, Float64Array.of(10, 6, 6, 4)), {kind: 'optimal', damping: 0});
    expect(largestDifference(feedback.data, [0, 0, 1.5, 0])).to.be.below(1e-12);
  });

  for (const kind of kinds) {
    it(`of '${kind}' is 0 for a gram of zeros`, () => {
      expect(Array.from(pathFeedback(matrix(2, 2), {kind}).data)).to.deep.equal([0, 0, 0, 0]);
    });
  }

  for (const scaling of [0, 0.99, -1, NaN]) {
    it(`refuses C = ${scaling}`, () => {
      expect(() => pathFeedback(matrix(1, 1), {kind: 'path', scaling})).to.throw(
        RangeError,
        `pathFeedback: expected \`scaling\` to be at least 1, got ${scaling}`,
      );
    });
  }
});
