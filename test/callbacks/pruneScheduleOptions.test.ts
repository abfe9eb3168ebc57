import {expect} from 'chai';
import {DataError, OptionError, pruneSchedule, type PruneScheduleOptions} from 'tfjs-compress';
import {isDue, sparsityAt} from '../../src/callbacks/pruneScheduleOptions.ts';

describe('sparsityAt', () => {
  const decay = {from: 0.2, to: 0.8, begin: 2, end: 6, every: 1, power: 3};

  it('is to + (from − to)·(1 − (e − begin)/(end − begin))³: Zhu & Gupta 2017, eq. 1', () => {
    // 0.8 − 0.6 · {1, 27/64, 1/8, 1/64, 0}
    const expected = [0.2, 0.8 - 0.6 * (27 / 64), 0.8 - 0.6 / 8, 0.8 - 0.6 / 64, 0.8];
    [2, 3, 4, 5, 6].forEach((epoch, i) => {
      expect(sparsityAt(decay, epoch)).to.be.closeTo(expected[i], 1e-15);
    });
  });

  it('goes straight with power 1, and is `to` where `begin` is `end`', () => {
    expect(sparsityAt({...decay, power: 1}, 3)).to.be.closeTo(0.35, 1e-15);
    expect(sparsityAt({...decay, begin: 6}, 6)).to.equal(0.8);
  });

  it('is due at every so-manieth epoch from `begin`, and at `end`', () => {
    const due = (every: number) => [1, 2, 3, 4, 5, 6, 7].filter((epoch) => isDue({...decay, every}, epoch));
    expect(due(1)).to.deep.equal([2, 3, 4, 5, 6]);
    expect(due(3)).to.deep.equal([2, 5, 6]);
    expect(due(10)).to.deep.equal([2, 6]);
  });
});

describe('pruneSchedule refuses at once', () => {
  const wrong: ReadonlyArray<readonly [string, object, string]> = [
    ['no `to`', {end: 3}, 'expected `to` to be a number between 0 and 1, got undefined'],
    ['no `end`', {to: 0.5}, 'expected `end` to be an integer from 1 up, got undefined'],
    ['`to` 1', {to: 1, end: 3}, 'expected `to` to be a number between 0 and 1, got 1'],
    ['`to` 0', {to: 0, end: 3}, 'expected `to` to be a number between 0 and 1, got 0'],
    ['`from` above `to`', {from: 0.6, to: 0.5, end: 3}, 'expected `from` to be at most `to`, 0.5, got 0.6'],
    [
      '`from` below 0',
      {from: -0.1, to: 0.5, end: 3},
      'expected `from` to be a number from 0 up to, not including, 1, got -0.1',
    ],
    ['`begin` after `end`', {to: 0.5, begin: 4, end: 3}, 'expected `end` to be an epoch from `begin`, 4, on, got 3'],
    ['`begin` 0', {to: 0.5, begin: 0, end: 3}, 'expected `begin` to be an integer from 1 up, got 0'],
    ['`every` 0', {to: 0.5, every: 0, end: 3}, 'expected `every` to be an integer from 1 up, got 0'],
    ['`power` 0', {to: 0.5, power: 0, end: 3}, 'expected `power` to be a number above 0, got 0'],
    [
      'an option that is misspelt',
      {to: 0.5, ned: 3, end: 3},
      'expected `ned` to be absent (`end` is meant?); the options are scope, mask, ',
    ],
    [
      '`sparsity`, which the schedule says',
      {to: 0.5, end: 3, sparsity: 0.5},
      'expected `sparsity` to be absent; the options are scope, mask, ',
    ],
    ['a pattern', {to: 0.5, end: 3, pattern: '2:4'}, 'expected `pattern` to be absent; the options are '],
    [
      'an option of spfqPrune that is wrong',
      {to: 0.5, end: 3, mask: 'best of all'},
      "expected `mask` to be one of 'best', 'path', 'magnitude', 'wanda', got 'best of all'",
    ],
    ['how to read', {to: 0.5, end: 3, samples: 0}, 'expected `samples` to be an integer from 1 up, got 0'],
  ];
  for (const [name, options, message] of wrong) {
    it(name, () => {
      expect(() =>
        pruneSchedule(async function* () {
          yield undefined;
        }, options as PruneScheduleOptions),
      ).to.throw(OptionError, `pruneSchedule: ${message}`);
    });
  }

  it('data that cannot be read', () => {
    expect(() => pruneSchedule(3 as never, {to: 0.5, end: 3})).to.throw(DataError);
  });
});
