import {expect} from 'chai';
import fc from 'fast-check';
import {type AlphabetOptions, lettersOf, uniformAlphabet} from 'tfjs-compress/numerics';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';

const layouts: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 3},
  {bits: 3, layout: 'twosComplement'},
  {bits: 8},
  {levels: 17},
];

for (const options of layouts) {
  const alphabet = uniformAlphabet(options);
  const letters = lettersOf(alphabet);
  const nearest = (y: number) => nearestQuantizer.code(y, 0, alphabet) + alphabet.shift;

  describe(`nearestQuantizer, ${alphabet.levels} letters, ${alphabet.layout}`, () => {
    it('gives a letter that no other letter is nearer than', () => {
      fc.assert(
        fc.property(
          fc.double({min: 2 * letters[0] - 1, max: 2 * letters[letters.length - 1] + 1, noNaN: true}),
          (y) => {
            const min = Math.min(...letters.map((letter) => Math.abs(letter - y)));
            expect(Math.abs(nearest(y) - y)).to.equal(min);
          },
        ),
        {seed: 1, numRuns: 500},
      );
    });

    it('rounds ties upwards', () => {
      letters.slice(1).forEach((upper, i) => expect(nearest((letters[i] + upper) / 2)).to.equal(upper));
    });

    it('is exact on letters and clipped beyond the ends', () => {
      for (const letter of letters) expect(nearest(letter)).to.equal(letter);
      for (const beyond of [0.6, 5, 1e30, Infinity]) {
        expect(nearest(letters[letters.length - 1] + beyond)).to.equal(letters[letters.length - 1]);
        expect(nearest(letters[0] - beyond)).to.equal(letters[0]);
      }
    });
  });
}

it('nearestQuantizer asks for no random number', () => {
  expect(nearestQuantizer.random).to.equal(false);
});
