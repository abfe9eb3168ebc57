import {expect} from 'chai';
import {followPath, type Matrix, matrix, pathFeedback} from 'tfjs-compress/numerics';
import {gaussianMatrix, gramsOf, largestDifference} from '../../support/numerics/randomMatrices.ts';
import {damped, identity, solve} from '../../support/numerics/solve.ts';
import type {Letter} from '../../support/numerics/streamed.ts';

const features = 24,
  neurons = 4;
const nearest: Letter = (x) => 0.25 * Math.min(Math.max(Math.floor(x / 0.25 + 0.5), -3), 3);

describe("feedback 'optimal' equals OPTQ", () => {
  for (const [name, samples] of [
    ['more rows than features', 80],
    ['fewer rows than features', 10],
  ] as const) {
    for (const damping of [0.01, 0.1, 1]) {
      it(`with ${name}, damping ${damping}`, () => {
        const x = gaussianMatrix(samples, features, 1);
        const {gram} = gramsOf(x, x);
        const weights = gaussianMatrix(features, neurons, 2, 0.3);
        const {values} = followPath(weights, pathFeedback(gram, {kind: 'optimal', damping}), nearest, {blockSize: 5});
        const expected = optq(weights, damped(gram, damping).gram, nearest);
        expect(Array.from(values.data)).to.deep.equal(Array.from(expected.data));
      });
    }
  }

  it('where nothing is rounded off, the weights come back', () => {
    const x = gaussianMatrix(30, features, 3);
    const weights = gaussianMatrix(features, neurons, 4);
    const {values} = followPath(weights, pathFeedback(gramsOf(x, x).gram, {kind: 'optimal'}), (y) => y);
    expect(largestDifference(values.data, weights.data)).to.equal(0);
  });
});

/**
 * Frantar et al. (2023), eq. 2 and 3, with the inverse kept whole: after weight t is rounded, the later ones move by
 * −(w_t − q_t) / [H⁻¹]_tt · [H⁻¹]_t,: and feature t is eliminated from H⁻¹.
 */
function optq(weights: Matrix, gram: Matrix, letter: Letter): Matrix {
  const {rows: size, columns: count} = weights;
  const w = weights.data.slice();
  const inverse = solve(gram, identity(size)).data;
  const values = matrix(size, count);
  for (let t = 0; t < size; t++) {
    for (let n = 0; n < count; n++) {
      const value = letter(w[t * count + n], t, n);
      values.data[t * count + n] = value;
      const error = (w[t * count + n] - value) / inverse[t * size + t];
      for (let s = t + 1; s < size; s++) w[s * count + n] -= error * inverse[t * size + s];
    }
    const row = Array.from(inverse.subarray(t * size, (t + 1) * size));
    for (let i = 0; i < size; i++) {
      const factor = inverse[i * size + t] / row[t];
      if (i !== t) for (let j = 0; j < size; j++) inverse[i * size + j] -= factor * row[j];
    }
  }
  return values;
}
