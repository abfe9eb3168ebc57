import {expect} from 'chai';
import {followPath, multiply, pathBound, pathFeedback, pathVariance, uniformAt} from 'tfjs-compress/numerics';
import {diagonal, subtract} from '../../../src/numerics/linalg/matrix.ts';
import {gaussianMatrix, gramsOf} from '../../support/numerics/randomMatrices.ts';

describe('pathBound', () => {
  it('of K = ½, C = 2, max ‖X̃_t‖² = 3, m = 100, p = 0.01 is 7.7491', () => {
    // σ² = (π ¼ / 2) · (4 / 3) · 3 = π / 2; 2 √(π / 2) √log(√2 · 10⁴) = 2.50663 · 3.09143
    const options = {radius: 0.5, scaling: 2, largestNorm: 3};
    expect(pathVariance(options)).to.be.closeTo(Math.PI / 2, 1e-12);
    expect(pathBound({...options, rows: 100, probability: 0.01})).to.be.closeTo(7.7491, 5e-5);
  });

  it('is proportional to K and to max ‖X̃_t‖, and least at C = 1', () => {
    const options = {radius: 1, scaling: 1, largestNorm: 1, rows: 10, probability: 0.1};
    const unit = pathBound(options);
    expect(pathBound({...options, radius: 3})).to.be.closeTo(3 * unit, 1e-12);
    expect(pathBound({...options, largestNorm: 9})).to.be.closeTo(3 * unit, 1e-12);
    for (const scaling of [1.1, 2, 4]) expect(pathBound({...options, scaling})).to.be.above(unit);
  });

  const seeds = 200,
    rows = 50,
    features = 60,
    step = 0.3;
  const shadow = gaussianMatrix(rows, features, 1);
  const weights = gaussianMatrix(features, 1, 2);
  const {gram} = gramsOf(shadow, shadow);
  const largestNorm = Math.max(...diagonal(gram));

  for (const scaling of [1, 2, 4]) {
    const feedback = pathFeedback(gram, {kind: 'path', scaling});
    const errors = Array.from({length: seeds}, (_, seed) => {
      const {values} = followPath(
        weights,
        feedback,
        (x, t, n) => step * Math.floor(x / step + uniformAt(seed, 0, t, n)),
      );
      return multiply(shadow, subtract(weights, values)).data;
    });

    it(`with p = 0.01 holds for at least 99 % of ${seeds} stochastic paths on Gaussian inputs, C = ${scaling}`, () => {
      const bound = pathBound({radius: step, scaling, largestNorm, rows, probability: 0.01});
      const held = errors.filter((error) => error.every((entry) => Math.abs(entry) <= bound)).length;
      expect(held / seeds).to.be.at.least(0.99);
    });

    it(`has a variance above that of every row of X̃(w̃ − q), C = ${scaling}`, () => {
      const variance = pathVariance({radius: step, scaling, largestNorm});
      for (let i = 0; i < rows; i++) {
        expect(errors.reduce((sum, error) => sum + error[i] ** 2, 0) / seeds).to.be.below(variance);
        expect(Math.abs(errors.reduce((sum, error) => sum + error[i], 0) / seeds)).to.be.below(
          4 * Math.sqrt(variance / seeds),
        ); // E T(x) = x
      }
    });
  }
});
