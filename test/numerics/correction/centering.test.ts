import {expect} from 'chai';
import {biasShift, centerGrams, type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import {
  columnMeans,
  gaussianMatrix,
  gramsOf,
  largestDifference,
  perturbed,
  residualOf,
  withoutColumns,
} from '../../support/numerics/randomMatrices.ts';

const rows = 60,
  features = 12,
  neurons = 4;
const original = shifted(gaussianMatrix(rows, features, 1), (t) => t - 3);
const shadow = shifted(perturbed(original, 2, 0.2), (t) => 0.1 * t);

describe('centred', () => {
  it('gives the grams of centred inputs', () => {
    const {gram, crossGram} = centerGrams(pairOf(original, shadow));
    const expected = gramsOf(withoutMeans(original), withoutMeans(shadow));
    expect(largestDifference(gram.data, expected.gram.data)).to.be.below(1e-9);
    expect(largestDifference(crossGram.data, expected.crossGram.data)).to.be.below(1e-9);
  });

  it('counts a constant feature as dead: its row and column of H are exactly 0, and so is its row of G', () => {
    const constant = matrix(
      rows,
      features,
      shadow.data.map((entry, i) => (i % features === 5 ? 1e4 / 3 : entry)),
    );
    const pair = pairOf(original, constant);
    // What float32 sums leave of a difference of large numbers.
    const noisy = {...pair, gram: rounded(pair.gram), crossGram: rounded(pair.crossGram)};
    const {gram, crossGram} = centerGrams(noisy);
    for (let s = 0; s < features; s++) {
      expect([
        gram.data[5 * features + s],
        gram.data[s * features + 5],
        crossGram.data[5 * features + s],
      ]).to.deep.equal([0, 0, 0]);
    }
    expect(gram.data[0]).to.be.above(1);
  });

  it('keeps the column of G of a feature that is dead in X̃ but alive in X', () => {
    const {crossGram} = centerGrams(pairOf(original, withoutColumns(shadow, [5])));
    const expected = gramsOf(withoutMeans(original), withoutMeans(withoutColumns(shadow, [5]))).crossGram;
    for (let t = 0; t < features; t++)
      expect(crossGram.data[t * features + 5]).to.be.closeTo(expected.data[t * features + 5], 1e-9);
  });

  it('does not depend on whether both means are the same array', () => {
    const pair = pairOf(original, withoutColumns(original, [5]));
    const same = centerGrams({...pair, mean: pair.shadowMean});
    const copy = centerGrams({...pair, mean: pair.shadowMean.slice()});
    expect(same.crossGram.data).to.deep.equal(copy.crossGram.data);
  });

  it('writes into nothing that it is given', () => {
    const pair = pairOf(original, shadow);
    const before = structuredClone(pair);
    centerGrams(pair);
    expect(pair).to.deep.equal(before);
  });
});

describe('biasShift', () => {
  const weights = gaussianMatrix(features, neurons, 3);
  const values = gaussianMatrix(features, neurons, 4);

  it('is the mean of XW − X̃Q, so that mean outputs agree', () => {
    const shift = biasShift(pairOf(original, shadow), weights, values);
    expect(largestDifference(shift, columnMeans(residualOf(original, weights, shadow, values)))).to.be.below(1e-12);
  });

  it('leaves the error that centred grams speak of', () => {
    const shift = biasShift(pairOf(original, shadow), weights, values);
    const residual = residualOf(original, weights, shadow, values);
    const left = residual.data.reduce((sum, entry, i) => sum + (entry - shift[i % neurons]) ** 2, 0);
    const expected = residualOf(withoutMeans(original), weights, withoutMeans(shadow), values).data.reduce(
      (sum, entry) => sum + entry ** 2,
      0,
    );
    expect(left).to.be.closeTo(expected, 1e-9);
  });
});

function pairOf(own: Matrix, shadowed: Matrix) {
  return {...gramsOf(own, shadowed), mean: columnMeans(own), shadowMean: columnMeans(shadowed), rows: own.rows};
}

function shifted(base: Matrix, offset: (t: number) => number): Matrix {
  return matrix(
    base.rows,
    base.columns,
    base.data.map((entry, i) => entry + offset(i % base.columns)),
  );
}

function withoutMeans(base: Matrix): Matrix {
  const means = columnMeans(base);
  return shifted(base, (t) => -means[t]);
}

function rounded(base: Matrix): Matrix {
  return matrix(base.rows, base.columns, base.data.map(Math.fround));
}

it('centred grams of one row are 0', () => {
  const row = gaussianMatrix(1, features, 5);
  const {gram, crossGram} = centerGrams(pairOf(row, row));
  expect([...gram.data, ...crossGram.data].every((entry) => entry === 0)).to.equal(true);
  expect(multiply(gram, crossGram).data.some(Number.isNaN)).to.equal(false);
});
