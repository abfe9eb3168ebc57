import {expect} from 'chai';
import {alignWeights, matrix, multiply} from 'tfjs-compress/numerics';
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

const features = 20,
  neurons = 4;
const weights = gaussianMatrix(features, neurons, 1);
const original = gaussianMatrix(50, features, 2);
const shadow = perturbed(original, 3, 0.3);
const {gram, crossGram} = gramsOf(original, shadow);

describe('alignWeights', () => {
  it("of 'none' is W", () => {
    expect(alignWeights(weights, gram, crossGram, {method: 'none'}).data).to.deep.equal(weights.data);
  });

  for (const damping of [1e-4, 0.01, 1]) {
    it(`of 'exact' solves (H + λI) W̃ = GW + λW, damping ${damping}`, () => {
      const {gram: regular, lambda} = damped(gram, damping);
      const right = multiply(crossGram, weights);
      const target = matrix(
        features,
        neurons,
        right.data.map((entry, i) => entry + lambda * weights.data[i]),
      );
      const aligned = alignWeights(weights, gram, crossGram, {method: 'exact', damping});
      expect(largestDifference(aligned.data, solve(regular, target).data)).to.be.below(1e-9);
    });
  }

  it("of 'exact' with damping 0 leaves a residual orthogonal to X̃", () => {
    const aligned = alignWeights(weights, gram, crossGram, {method: 'exact', damping: 0});
    const residual = residualOf(original, weights, shadow, aligned);
    const {crossGram: correlation} = gramsOf(residual, shadow);
    expect(largestDifference(correlation.data, new Float64Array(features * neurons))).to.be.below(1e-9);
  });

  it("of 'order' has a residual that falls with the order, to that of 'exact'", () => {
    const errorOf = (order: number) =>
      sum(
        columnSquares(
          residualOf(original, weights, shadow, alignWeights(weights, gram, crossGram, {method: 'order', order})),
        ),
      );
    const exact = sum(
      columnSquares(
        residualOf(original, weights, shadow, alignWeights(weights, gram, crossGram, {method: 'exact', damping: 0})),
      ),
    );
    const errors = [1, 2, 3, 5, 10, 20, 200].map(errorOf);
    errors.slice(1).forEach((error, i) => expect(error).to.be.below(errors[i]));
    expect(errors[6]).to.be.closeTo(exact, 1e-6 * exact);
  });

  for (const order of [1, 2, 5]) {
    it(`of 'order' ${order} is W where the inputs agree`, () => {
      const same = gramsOf(original, original);
      const aligned = alignWeights(weights, same.gram, same.crossGram, {method: 'order', order});
      expect(largestDifference(aligned.data, weights.data)).to.be.below(1e-12);
    });
  }

  it("of 'exact' is W where the inputs agree, whatever the damping", () => {
    const same = gramsOf(original, original);
    const aligned = alignWeights(weights, same.gram, same.crossGram, {method: 'exact', damping: 0.3});
    expect(largestDifference(aligned.data, weights.data)).to.be.below(1e-12);
  });

  for (const method of ['order', 'exact'] as const) {
    it(`of '${method}' keeps the weight of a dead feature, or makes it 0`, () => {
      const dead = gramsOf(original, withoutColumns(shadow, [0, 11]));
      const kept = alignWeights(weights, dead.gram, dead.crossGram, {method, order: 2});
      const zeroed = alignWeights(weights, dead.gram, dead.crossGram, {method, order: 2, dead: 'zero'});
      for (const t of [0, 11]) {
        expect(row(kept.data, t)).to.deep.equal(row(weights.data, t));
        expect(row(zeroed.data, t)).to.deep.equal([0, 0, 0, 0]);
      }
    });
  }

  for (const method of ['none', 'order', 'exact'] as const) {
    it(`of '${method}' does not write into what it is given`, () => {
      const given = [weights, gram, crossGram].map(({data}) => data.slice());
      alignWeights(weights, gram, crossGram, {method, order: 3});
      expect([weights, gram, crossGram].map(({data}) => data)).to.deep.equal(given);
    });
  }

  it('of more features than one block equals the same sweeps without blocks', () => {
    const wide = {
      weights: gaussianMatrix(300, 3, 4),
      original: gaussianMatrix(400, 300, 5),
      shadow: gaussianMatrix(400, 300, 6),
    };
    const grams = gramsOf(wide.original, wide.shadow);
    const target = multiply(grams.crossGram, wide.weights);
    const aligned = alignWeights(wide.weights, grams.gram, grams.crossGram, {method: 'order', order: 2});
    const first = alignWeights(wide.weights, grams.gram, grams.crossGram, {method: 'order', order: 1});
    // tril(H) W̃⁺ = GW − triu(H, 1) W̃
    const lower = multiply(
      triangle(grams.gram.data, 300, (t, s) => s <= t),
      aligned,
    );
    const upper = multiply(
      triangle(grams.gram.data, 300, (t, s) => s > t),
      first,
    );
    expect(
      largestDifference(
        lower.data,
        target.data.map((entry, i) => entry - upper.data[i]),
      ),
    ).to.be.below(1e-8);
  });

  it('refuses grams that do not fit', () => {
    expect(() => alignWeights(weights, matrix(3, 3), matrix(3, 3), {method: 'none'})).to.throw(
      RangeError,
      'alignWeights: expected a square gram for 20 features, got [3, 3]',
    );
    expect(() => alignWeights(weights, gram, matrix(3, 3), {method: 'none'})).to.throw(
      RangeError,
      'alignWeights: expected two matrices of one shape, got [20, 20] and [3, 3]',
    );
  });
});

function row(data: Float64Array, t: number): number[] {
  return Array.from(data.subarray(t * neurons, (t + 1) * neurons));
}

function triangle(data: Float64Array, size: number, inside: (t: number, s: number) => boolean) {
  return matrix(
    size,
    size,
    data.map((entry, i) => (inside(Math.floor(i / size), i % size) ? entry : 0)),
  );
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
