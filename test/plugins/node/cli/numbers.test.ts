import {expect} from 'chai';
import {bytesText} from '../../../../plugins/node/cli/output/numbers.ts';

describe('numbers of the command line', () => {
  it('are bytes in the unit that suits them, also just below the next one', () => {
    expect([0, 999, 1000, 999_499, 999_500, 999_999, 1_975_608, 999_999_999].map(bytesText)).to.deep.equal([
      '0 B',
      '999 B',
      '1.00 kB',
      '999 kB',
      '1.00 MB',
      '1.00 MB',
      '1.98 MB',
      '1.00 GB',
    ]);
  });
});
