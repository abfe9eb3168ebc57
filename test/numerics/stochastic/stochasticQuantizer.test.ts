import {expect} from 'chai';
import fc from 'fast-check';
import {type Alphabet, type AlphabetOptions, uniformAlphabet} from 'tfjs-compress/numerics';
import {stochasticQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';

const layouts: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 4},
  {bits: 4, layout: 'midrise'},
  {bits: 4, layout: 'twosComplement'},
  {bits: 8},
  {levels: 17},
];

for (const options of layouts) {
  const alphabet = uniformAlphabet(options);
  const lowest = alphabet.lowest + alphabet.shift,
    highest = alphabet.highest + alphabet.shift;

  describe(`stochasticQuantizer, ${alphabet.levels} letters, ${alphabet.layout}`, () => {
    it('has the mean y over an even grid of uniforms, exactly, inside the range', () => {
      const grid = 64;
      for (let k = 0; k <= grid * (highest - lowest); k++) {
        const y = lowest + k / grid;
        expect(meanOf(y, grid, alphabet)).to.equal(y);
      }
    });

    it('is exact on every letter, whatever the uniform', () => {
      for (let y = lowest; y <= highest; y++)
        for (const uniform of [0, 0.5, 1 - 2 ** -24]) expect(letter(y, uniform, alphabet)).to.equal(y);
    });

    it('is clipped beyond the ends', () => {
      for (const beyond of [2 ** -20, 0.3, 1, 7.5, 1e30, Infinity]) {
        for (const uniform of [0, 0.5, 1 - 2 ** -24]) {
          expect(letter(highest + beyond, uniform, alphabet)).to.equal(highest);
          expect(letter(lowest - beyond, uniform, alphabet)).to.equal(lowest);
        }
      }
    });

    it('is one of the two neighbouring letters, so that |T(y) − y| ≤ 1', () => {
      fc.assert(
        fc.property(
          fc.double({min: lowest, max: highest, noNaN: true}),
          fc.integer({min: 0, max: 2 ** 24 - 1}),
          (y, word) => {
            expect(Math.abs(letter(y, word * 2 ** -24, alphabet) - y)).to.be.at.most(1);
          },
        ),
        {seed: 1, numRuns: 500},
      );
    });
  });
}

describe('stochasticQuantizer', () => {
  it('goes up with a probability from 0 to 1, and as often in float32 to 2⁻²⁰', () => {
    const alphabet = uniformAlphabet({bits: 4});
    fc.assert(
      fc.property(fc.float({min: -7, max: 7, noNaN: true}), (y) => {
        const up = Math.fround(y - Math.floor(y));
        expect(up).to.be.within(0, 1);
        // The least uniform that rounds down is the probability of up, on the grid of 24 bits.
        const threshold = thresholdOf(y, alphabet);
        expect(threshold).to.be.within(0, 1);
        expect(Math.abs(threshold - up)).to.be.at.most(2 ** -20);
      }),
      {seed: 1, numRuns: 500},
    );
  });

  it('rounds −2⁻⁶⁰, whose distance to −1 is 1 in floating point, to 0 for every uniform', () => {
    const alphabet = uniformAlphabet({bits: 4});
    for (const uniform of [0, 0.5, 1 - 2 ** -24]) expect(letter(-(2 ** -60), uniform, alphabet) + 0).to.equal(0);
  });

  it('is random', () => expect(stochasticQuantizer.random).to.equal(true));
});

/** Mean of T over u = (k + ½) / n. */
function meanOf(y: number, n: number, alphabet: Alphabet): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += letter(y, (k + 0.5) / n, alphabet);
  return sum / n;
}

function letter(y: number, uniform: number, alphabet: Alphabet): number {
  return stochasticQuantizer.code(y, uniform, alphabet) + alphabet.shift;
}

/** The least u = k / 2²⁴ for which T(y) is not the upper letter, or 1. */
function thresholdOf(y: number, alphabet: Alphabet): number {
  const below = Math.floor(y);
  let low = 0,
    high = 2 ** 24;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (letter(y, middle * 2 ** -24, alphabet) > below) low = middle + 1;
    else high = middle;
  }
  return low * 2 ** -24;
}
