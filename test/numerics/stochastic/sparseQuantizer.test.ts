import {expect} from 'chai';
import {type AlphabetOptions, uniformAlphabet} from 'tfjs-compress/numerics';
import {stochasticQuantizer} from '../../../src/numerics/stochastic/quantizer.ts';
import {sparseQuantizer} from '../../../src/numerics/stochastic/sparseQuantizer.ts';

const LAST = 1 - 2 ** -24; // of the library's uniforms

/** Alphabets, dead zones c in steps, each a multiple of ⅛, and the least upper bound of |T(y) − y|, by hand. */
const cases: ReadonlyArray<readonly [AlphabetOptions, ReadonlyArray<readonly [deadZone: number, farthest: number]>]> = [
  [
    {bits: 1},
    [
      [1 / 4, 1],
      [1 / 2, 1 / 2],
    ],
  ], // 0 or the letter of the sign: nothing goes beyond c = ½
  [
    {bits: 'ternary'},
    [
      [3 / 8, 1],
      [1, 1],
    ],
  ],
  [
    {bits: 2},
    [
      [3 / 8, 1],
      [1 / 2, 1],
      [5 / 8, 1.5],
      [1, 1.5],
      [1.5, 1.5],
    ],
  ],
  [
    {bits: 4},
    [
      [0, 1],
      [3 / 8, 1],
      [3 / 4, 1],
      [1, 1],
      [1.375, 2],
      [2, 2],
    ],
  ],
  [
    {bits: 4, layout: 'midrise'},
    [
      [0, 1],
      [1.625, 2.5],
      [2.5, 2.5],
    ],
  ],
  [
    {bits: 3, layout: 'twosComplement'},
    [
      [3 / 8, 1],
      [1.375, 2],
    ],
  ],
];

for (const [options, zones] of cases) {
  const alphabet = uniformAlphabet(options);
  const {shift} = alphabet;
  const lowest = alphabet.lowest + shift,
    highest = alphabet.highest + shift;
  const around = (y: number) => [Math.floor(y - shift) + shift, Math.ceil(y - shift) + shift];

  for (const [deadZone, farthest] of zones) {
    const letter = (y: number, uniform: number) => sparseQuantizer.code(y, uniform, alphabet, deadZone) + shift;
    // Where every probability is a multiple of 1/64: eighths of the dead zone, sixteenths beyond it.
    const inside = Array.from({length: 17}, (_, k) => (deadZone * (k - 8)) / 8);
    const beyond = between(lowest, highest, 1 / 16).filter((y) => Math.abs(y) > deadZone);

    describe(`sparseQuantizer, ${alphabet.levels} letters, ${alphabet.layout}, c = ${deadZone} steps`, () => {
      it('has the mean y over an even grid of uniforms, exactly, inside the range', () => {
        for (const y of [...inside, ...beyond]) {
          let sum = 0;
          for (let i = 0; i < 64; i++) sum += letter(y, (i + 0.5) / 64);
          expect(sum / 64, `y = ${y}`).to.equal(y);
        }
      });

      it('gives 0 or a letter around c with the sign of y in the dead zone, and there alone', () => {
        for (const uniform of [0, 0.3, 0.7, LAST]) {
          for (const y of inside)
            expect([0, ...around(Math.sign(y) * deadZone)], `y = ${y}`).to.include(letter(y, uniform) + 0);
          for (const y of beyond)
            expect(letter(y, uniform), `y = ${y}`).to.equal(stochasticQuantizer.code(y, uniform, alphabet) + shift);
        }
      });

      it('gives 0 at 0, and a letter at ±c, whatever the uniform', () => {
        for (const uniform of [0, 0.5, LAST]) {
          expect(letter(0, uniform)).to.equal(0);
          if (deadZone > 0)
            for (const y of [deadZone, -deadZone]) expect(around(y), `y = ${y}`).to.include(letter(y, uniform));
        }
      });

      it(`has |T(y) − y| ≤ ${farthest}, which it comes near to, and the bound of its documentation`, () => {
        const distances = between(lowest, highest, 1 / 128).flatMap((y) =>
          [0, 0.25, 0.5, 0.75, LAST].map((uniform) => Math.abs(letter(y, uniform) - y)),
        );
        expect(Math.max(...distances)).to.be.within(farthest - 1 / 64, farthest);
        expect(Math.max(1, Math.ceil(deadZone - shift) + shift)).to.be.at.least(farthest);
      });

      it('is clipped beyond the ends', () => {
        for (const uniform of [0, 0.5, LAST]) {
          for (const further of [0.3, 7.5, 1e30, Infinity]) {
            expect(letter(highest + further, uniform)).to.equal(highest);
            expect(letter(lowest - further, uniform)).to.equal(lowest);
          }
        }
      });
    });
  }
}

describe('sparseQuantizer', () => {
  it('of a dead zone beyond the last letter grows to that letter', () => {
    const alphabet = uniformAlphabet({bits: 'ternary'});
    expect([0.5, -0.5].map((y) => sparseQuantizer.code(y, 0, alphabet, 2.5))).to.deep.equal([1, -1]);
  });

  it('is random', () => expect(sparseQuantizer.random).to.equal(true));
});

/** The multiples of a power of two from one number to another. */
function between(lowest: number, highest: number, spacing: number): number[] {
  return Array.from({length: (highest - lowest) / spacing + 1}, (_, k) => lowest + k * spacing);
}
