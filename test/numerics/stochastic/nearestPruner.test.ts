import {expect} from 'chai';
import {reals} from '../../../src/numerics/stochastic/alphabet.ts';
import {nearestPruner} from '../../../src/numerics/stochastic/pruner.ts';

describe('nearestPruner', () => {
  const pruned = (y: number, deadZone?: number) => nearestPruner.code(y, 0, reals, deadZone);

  for (const deadZone of [3 / 8, 1, 2.75]) {
    it(`is the threshold at c = ${deadZone}, so that |T(y) − y| ≤ c, as at ±c`, () => {
      for (const sign of [1, -1]) {
        for (const share of [0, 0.5, 1]) expect(pruned(sign * share * deadZone, deadZone)).to.equal(0);
        for (const beyond of [2 ** -40, 1, 1e30])
          expect(pruned(sign * (deadZone + beyond), deadZone)).to.equal(sign * (deadZone + beyond));
      }
    });
  }

  it('without a dead zone changes nothing', () => {
    for (const y of [-3, -1e-9, 0, 1e-9, 0.7]) expect(pruned(y)).to.equal(y);
  });

  it('asks for no random number', () => expect(nearestPruner.random).to.equal(false));
});
