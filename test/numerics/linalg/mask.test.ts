import {expect} from 'chai';
import {applyMask, fromRows, keepLargest, matrix, sparsityOf} from 'tfjs-compress/numerics';
import {gaussianMatrix} from '../../support/numerics/randomMatrices.ts';

describe('keepLargest', () => {
  const scores = gaussianMatrix(24, 7, 1);

  it('without a pattern drops exactly round(sparsity · size) weights, and none that is larger than a kept one', () => {
    for (const sparsity of [0, 0.001, 0.1, 0.5, 0.503, 0.9, 0.999, 1]) {
      const mask = keepLargest(scores, 'unstructured', sparsity);
      const [dropped, kept] = [0, 1].map((side) => Array.from(scores.data.filter((_, i) => mask[i] === side)));
      expect(dropped).to.have.length(Math.round(sparsity * 168));
      expect(Math.max(...dropped)).to.be.below(Math.min(...kept, Infinity));
    }
  });

  it('drops the later of equal weights first', () => {
    expect(
      Array.from(
        keepLargest(
          fromRows([
            [1, 1, 0],
            [1, 2, 1],
          ]),
          'unstructured',
          0.5,
        ),
      ),
    ).to.deep.equal([1, 1, 0, 0, 1, 0]);
    expect(Array.from(keepLargest(matrix(4, 1), {n: 2, m: 4}, 0))).to.deep.equal([1, 1, 0, 0]);
  });

  for (const pattern of [
    {n: 2, m: 4},
    {n: 4, m: 8},
    {n: 1, m: 3},
    {n: 0, m: 2},
    {n: 6, m: 6},
  ]) {
    it(`keeps the ${pattern.n} largest of each ${pattern.m} neighbouring features of a neuron`, () => {
      const {n: kept, m} = pattern;
      const mask = keepLargest(scores, pattern, 0.9);
      for (let first = 0; first < 24; first += m) {
        for (let n = 0; n < 7; n++) {
          const places = Array.from({length: m}, (_, k) => (first + k) * 7 + n);
          const largest = places.sort((i, j) => scores.data[j] - scores.data[i]).slice(0, kept);
          expect(places.filter((i) => mask[i] === 1)).to.deep.equal(largest);
        }
      }
    });
  }

  it('of no weights is an empty mask', () => {
    expect(keepLargest(matrix(0, 3), 'unstructured', 0.5)).to.have.length(0);
    expect(keepLargest(matrix(4, 0), {n: 2, m: 4}, 0)).to.have.length(0);
  });

  it('refuses an m that does not divide the features, an n beyond m and a sparsity outside [0, 1]', () => {
    expect(() => keepLargest(scores, {n: 2, m: 5}, 0)).to.throw(
      RangeError,
      'expected m to divide the features, got 2 of 5 for weights [24, 7]',
    );
    expect(() => keepLargest(scores, {n: 5, m: 4}, 0)).to.throw(RangeError, 'got 5 of 4');
    expect(() => keepLargest(scores, {n: 1.5, m: 4}, 0)).to.throw(RangeError, 'whole numbers');
    for (const sparsity of [-0.1, 1.1, NaN])
      expect(() => keepLargest(scores, 'unstructured', sparsity)).to.throw(RangeError, `got ${sparsity}`);
  });
});

describe('sparsityOf', () => {
  it('is the share of zeros', () => {
    expect(sparsityOf(Uint8Array.of(1, 0, 0, 0))).to.equal(0.75);
    expect(sparsityOf(new Uint8Array(0))).to.equal(0);
  });
});

describe('masked', () => {
  it('has +0 off the mask, and is the same matrix without one', () => {
    const values = fromRows([
      [-1, 2],
      [-3, 4],
    ]);
    const result = applyMask(values, Uint8Array.of(0, 1, 1, 0));
    expect(Array.from(result.data)).to.deep.equal([0, 2, -3, 0]);
    expect(Object.is(result.data[0], 0)).to.equal(true);
    expect(applyMask(values, undefined)).to.equal(values);
  });
});
