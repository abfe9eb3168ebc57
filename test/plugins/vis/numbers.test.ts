import {expect} from 'chai';
import {labelWidth, shortenName} from '../../../plugins/vis/drawing.ts';
import {bytesText, duration, short} from '../../../plugins/vis/numbers.ts';

describe('numbers of a report', () => {
  it('are bytes in the unit that suits them, also just below the next one', () => {
    expect([0, 1, 999, 1000, 1234, 999_499, 999_500, 1_975_608, 999_999_999, 5e12].map(bytesText)).to.deep.equal([
      '0 B',
      '1 B',
      '999 B',
      '1.00 kB',
      '1.23 kB',
      '999 kB',
      '1.00 MB',
      '1.98 MB',
      '1.00 GB',
      '5.00 TB',
    ]);
  });

  it('are durations as people say them', () => {
    expect([0, 12.4, 999.4, 999.6, 59_940, 59_960, 119_700, 3_599_600, 7_260_000].map(duration)).to.deep.equal([
      '0 ms',
      '12 ms',
      '999 ms',
      '1.0 s',
      '59.9 s',
      '1 min 0 s',
      '2 min 0 s',
      '1 h 0 min',
      '2 h 1 min',
    ]);
  });

  it('have three digits, and no zeros that say nothing', () => {
    expect([0, 0.5, 0.12345, 12.345, 123.4, 1e-9].map(short)).to.deep.equal([
      '0',
      '0.5',
      '0.123',
      '12.3',
      '123',
      '1e-9',
    ]);
  });

  it('stand behind names that are cut in the middle, never within a character', () => {
    const name = `${'🙂'.repeat(20)}/${'🙃'.repeat(20)}`;
    expect(shortenName(name)).to.equal(`${'🙂'.repeat(10)}…${'🙃'.repeat(11)}`);
    expect(shortenName('dense_1')).to.equal('dense_1');
    expect(labelWidth([name])).to.equal(labelWidth(['a'.repeat(22)]));
    expect(labelWidth([])).to.be.greaterThan(0);
  });
});
