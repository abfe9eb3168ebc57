import {expect} from 'chai';
import {sizeOf} from '../../src/numerics/sizeOf.ts';

describe('sizeOf(shape)', () => {
  it('is the product of the sizes, and 1 of a scalar', () => {
    expect(sizeOf([2, 3, 4])).to.equal(24);
    expect(sizeOf([])).to.equal(1);
  });
});
