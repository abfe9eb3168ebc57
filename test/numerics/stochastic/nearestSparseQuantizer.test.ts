import {expect} from 'chai';
import {type AlphabetOptions, uniformAlphabet} from 'tfjs-compress/numerics';
import {nearestQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {nearestSparseQuantizer} from '../../../src/numerics/stochastic/sparseQuantizer.ts';

const layouts: readonly AlphabetOptions[] = [
  {bits: 1},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 4},
  {bits: 4, layout: 'twosComplement'},
];

for (const options of layouts) {
  const alphabet = uniformAlphabet(options);
  const letter = (y: number, deadZone: number) =>
    nearestSparseQuantizer.code(y, 0, alphabet, deadZone) + alphabet.shift;

  describe(`nearestSparseQuantizer, ${alphabet.levels} letters, ${alphabet.layout}`, () => {
    for (const deadZone of [0, 0.3, 0.5, 1, 1.7]) {
      it(`gives 0 up to c = ${deadZone} steps, and at ±c, else the nearest letter`, () => {
        for (const sign of [1, -1]) {
          for (const share of [0, 0.3, 1]) expect(letter(sign * share * deadZone, deadZone)).to.equal(0);
          for (const beyond of [2 ** -40, 0.3, 1.4, 1e30]) {
            const y = sign * (deadZone + beyond);
            expect(letter(y, deadZone), `y = ${y}`).to.equal(nearestQuantizer.code(y, 0, alphabet) + alphabet.shift);
          }
        }
      });
    }
  });
}

it('nearestSparseQuantizer asks for no random number', () => {
  expect(nearestSparseQuantizer.random).to.equal(false);
});
