import {expect} from 'chai';
import fc from 'fast-check';
import {packLevels, unpackLevels, wordCountFor} from 'tfjs-compress/numerics';

describe('packLevels', () => {
  it('writes three letters as digits of base 3, twenty in a word: 1.6 bits each', () => {
    expect([...packLevels([1, 2, 0, 2], 3)]).to.deep.equal([1 + 2 * 3 + 0 * 9 + 2 * 27]);
    expect([20, 21, 40, 41].map((count) => wordCountFor(count, 3))).to.deep.equal([1, 2, 2, 3]);
    expect([...packLevels(new Uint8Array(20).fill(2), 3)]).to.deep.equal([3 ** 20 - 1]);
  });

  // The largest d with L^d ≤ 2^32, where 32/d is below ⌈log₂ L⌉; else codes lie bit by bit.
  for (const [levels, words, of] of [
    [2, 1, 32],
    [3, 1, 20],
    [4, 1, 16],
    [5, 1, 13],
    [6, 1, 12],
    [7, 1, 11],
    [8, 3, 32],
    [9, 1, 10],
    [15, 1, 8],
    [16, 1, 8],
    [17, 1, 7],
    [70, 1, 5],
    [255, 1, 4],
    [256, 1, 4],
    [12870, 1, 2],
  ] as const) {
    it(`takes ${words} words for ${of} numbers below ${levels}`, () => {
      expect([wordCountFor(of, levels), wordCountFor(of + 1, levels)]).to.deep.equal([words, words + 1]);
    });
  }

  it('is undone by unpackLevels, for every number of letters', () => {
    fc.assert(
      fc.property(
        fc
          .integer({min: 2, max: 300})
          .chain((levels) =>
            fc.tuple(fc.constant(levels), fc.array(fc.integer({min: 0, max: levels - 1}), {maxLength: 70})),
          ),
        ([levels, numbers]) => {
          expect([...unpackLevels(packLevels(numbers, levels), levels, numbers.length)]).to.deep.equal(numbers);
        },
      ),
    );
  });

  for (const number of [3, -1, 0.5, NaN]) {
    it(`refuses ${number} among three letters`, () => {
      expect(() => packLevels([0, number], 3)).to.throw(
        RangeError,
        `packLevels: expected numbers from 0 to 2, got ${number} at 1`,
      );
    });
  }
});

describe('unpackLevels', () => {
  it('refuses too few words and too many', () => {
    for (const words of [0, 2])
      expect(() => unpackLevels(new Uint32Array(words), 3, 20)).to.throw(
        RangeError,
        `expected 1 words for 20 numbers below 3, got ${words}`,
      );
  });

  it('refuses a code beyond the last letter', () => {
    expect(() => unpackLevels(Uint32Array.of(15 << 4), 15, 8)).to.throw(
      RangeError,
      'expected numbers from 0 to 14, got 15 at 1',
    );
  });

  it('refuses a word that no digits make', () => {
    expect(() => unpackLevels(Uint32Array.of(3 ** 20), 3, 20)).to.throw(
      RangeError,
      'expected word 0 to hold digits below 3',
    );
    expect(() => unpackLevels(Uint32Array.of(27), 3, 3)).to.throw(RangeError, 'expected word 0 to hold digits below 3');
  });

  it('refuses bits behind the last code', () => {
    expect(() => unpackLevels(Uint32Array.of(0b1_0000), 4, 2)).to.throw(
      RangeError,
      'expected only zeros after bit 4, got 1',
    );
  });
});
