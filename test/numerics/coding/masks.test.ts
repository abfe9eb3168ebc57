import {expect} from 'chai';
import {keepLargest, maskWordCount, matrix, packMask, smallestForm, unpackMask} from 'tfjs-compress/numerics';
import {gaussian} from '../../support/kernels/pathProblems.ts';

const scores = (rows: number, columns: number) => matrix(rows, columns, gaussian(3, rows, columns).data.map(Math.abs));

describe('smallestForm', () => {
  // Of 4 places 6 pairs: 12 digits of base 6 in a word, 48 weights where a plane holds 32. Of 8 places 70 fours: 5 in a
  // word.
  for (const [n, m, words] of [
    [2, 4, Math.ceil(192 / 4 / 12)],
    [1, 4, Math.ceil(((192 / 4) * 2) / 32)],
    [4, 8, Math.ceil(192 / 8 / 5)],
    [1, 2, Math.ceil(192 / 2 / 32)],
  ] as const) {
    it(`finds ${n} of every ${m}, in ${words} words for 192 weights`, () => {
      const mask = keepLargest(scores(32, 6), {n, m}, 0);
      expect(smallestForm(mask, {features: 32, neurons: 6})).to.deep.equal({n, m});
      expect(packMask(mask, {n, m}, {features: 32, neurons: 6})).to.have.length(words);
      expect(maskWordCount(192, {n, m})).to.equal(words);
    });
  }

  it('is a plane of bits where zeros lie anywhere, or m does not divide the features', () => {
    expect(smallestForm(keepLargest(scores(16, 6), 'unstructured', 0.5), {features: 16, neurons: 6})).to.equal('plane');
    expect(smallestForm(keepLargest(scores(15, 2), {n: 1, m: 3}, 0), {features: 15, neurons: 2})).to.equal('plane');
  });

  it('needs no word at all for a mask that keeps all or nothing', () => {
    for (const bit of [0, 1]) {
      const mask = new Uint8Array(24).fill(bit);
      const form = smallestForm(mask, {features: 8, neurons: 3});
      expect(packMask(mask, form, {features: 8, neurons: 3})).to.have.length(0);
      expect([...unpackMask(new Uint32Array(0), form, 24, {features: 8, neurons: 3})]).to.deep.equal([...mask]);
    }
  });
});

describe('unpackMask', () => {
  for (const pattern of ['unstructured', {n: 2, m: 4}, {n: 3, m: 8}, {n: 7, m: 16}] as const) {
    it(`undoes packMask of ${JSON.stringify(pattern)}`, () => {
      const extent = {features: 32, neurons: 5};
      const mask = keepLargest(scores(32, 5), pattern, 0.7);
      const form = smallestForm(mask, extent);
      expect([...unpackMask(packMask(mask, form, extent), form, mask.length, extent)]).to.deep.equal([...mask]);
    });
  }

  it('refuses the number of no subset', () => {
    expect(() => unpackMask(Uint32Array.of(6), {n: 2, m: 4}, 4, {features: 4, neurons: 1})).to.throw(
      RangeError,
      'expected word 0 to hold digits below 6',
    );
  });

  it('refuses too few words', () => {
    expect(() => unpackMask(new Uint32Array(0), {n: 2, m: 4}, 4, {features: 4, neurons: 1})).to.throw(
      RangeError,
      'expected 1 words for 1 runs, got 0',
    );
  });
});
