import {expect} from 'chai';
import {weightedErrors} from '../../../src/stages/measure/sensitivity.ts';

const layer = (name: string, outputSensitivity: number) => ({
  name,
  outputSensitivity,
  trials: [
    {cost: 8, error: 0.5},
    {cost: 12, error: 0.25},
  ],
});

describe('weightedErrors(layers)', () => {
  it('is κe² for every trial: 2 · 0.25, 2 · 0.0625, and 0 where the outputs do not feel the layer', () => {
    expect(weightedErrors([layer('one', 2), layer('other', 0)])).to.deep.equal([
      [
        {cost: 8, error: 0.5},
        {cost: 12, error: 0.125},
      ],
      [
        {cost: 8, error: 0},
        {cost: 12, error: 0},
      ],
    ]);
  });

  it('is e² where the outputs feel no layer at all', () => {
    expect(weightedErrors([layer('one', 0)])).to.deep.equal([
      [
        {cost: 8, error: 0.25},
        {cost: 12, error: 0.0625},
      ],
    ]);
  });
});
