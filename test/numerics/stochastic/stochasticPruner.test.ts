import {expect} from 'chai';
import {reals} from '../../../src/numerics/stochastic/alphabet.ts';
import {stochasticPruner} from '../../../src/numerics/stochastic/pruner.ts';

const LAST = 1 - 2 ** -24; // of the library's uniforms
const pruned = (y: number, uniform: number, deadZone: number) => stochasticPruner.code(y, uniform, reals, deadZone);

for (const deadZone of [3 / 8, 1, 2.75]) {
  describe(`stochasticPruner, c = ${deadZone}`, () => {
    it('has the mean y over an even grid of uniforms, exactly, for every y', () => {
      const grid = 64;
      for (let k = -2 * grid; k <= 2 * grid; k++) {
        // |y| / c is a multiple of 1 / grid
        const y = (deadZone * k) / grid;
        let sum = 0;
        for (let i = 0; i < grid; i++) sum += pruned(y, (i + 0.5) / grid, deadZone);
        expect(sum / grid).to.equal(y);
      }
    });

    it('gives 0 or ±c with the sign of y up to c, and y beyond', () => {
      for (const sign of [1, -1]) {
        expect(pruned((sign * deadZone) / 4, 0.25 - 2 ** -24, deadZone)).to.equal(sign * deadZone);
        expect(pruned((sign * deadZone) / 4, 0.25, deadZone)).to.equal(0);
        for (const uniform of [0, 0.5, LAST]) {
          expect(pruned(sign * deadZone, uniform, deadZone)).to.equal(sign * deadZone);
          for (const beyond of [2 ** -40, 1, 1e30])
            expect(pruned(sign * (deadZone + beyond), uniform, deadZone)).to.equal(sign * (deadZone + beyond));
        }
      }
    });

    it('gives 0 at 0, whatever the uniform', () => {
      for (const uniform of [0, 0.5, LAST]) expect(pruned(0, uniform, deadZone)).to.equal(0);
    });

    it('has |T(y) − y| ≤ c, which it comes as near to as floating point can', () => {
      let largest = 0;
      for (let k = -200; k <= 200; k++) {
        for (const uniform of [0, 0.3, LAST])
          largest = Math.max(largest, Math.abs(pruned((deadZone * k) / 100, uniform, deadZone) - (deadZone * k) / 100));
      }
      expect(largest).to.be.within(0.99 * deadZone, deadZone);
      const min = 2 ** -60;
      expect(pruned(min, 0, deadZone) - min).to.equal(deadZone);
    });
  });
}

it('stochasticPruner without a dead zone changes nothing', () => {
  for (const y of [-3, -1e-9, 0, 1e-9, 0.7]) expect(stochasticPruner.code(y, 0.5, reals)).to.equal(y);
});

it('stochasticPruner is random', () => {
  expect(stochasticPruner.random).to.equal(true);
});
