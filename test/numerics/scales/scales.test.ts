import {expect} from 'chai';
import {offsetAt, type Scales, stepAt} from 'tfjs-compress/numerics';
import {roundToFloat32, scaleSteps} from '../../../src/numerics/scales/scales.ts';

// Five features in groups of 2, 2 and 1; two neurons.
const scales: Scales = {
  groupSize: 2,
  groups: 3,
  neurons: 2,
  steps: Float64Array.of(1, 2, 3, 4, 5, 6),
  offsets: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
};

describe('stepAt and offsetAt', () => {
  it('find the group of a feature', () => {
    expect(
      [
        [0, 0],
        [1, 1],
        [2, 0],
        [4, 1],
      ].map(([t, n]) => [stepAt(scales, t, n), offsetAt(scales, t, n)]),
    ).to.deep.equal([
      [1, 0.1],
      [2, 0.2],
      [3, 0.3],
      [6, 0.6],
    ]);
  });

  it('offsetAt is 0 where there are none', () => {
    expect(offsetAt({...scales, offsets: undefined}, 4, 1)).to.equal(0);
  });
});

describe('storable', () => {
  it('rounds steps and offsets to float32', () => {
    const {steps, offsets} = roundToFloat32({...scales, steps: Float64Array.of(0.1)});
    expect(Array.from(steps)).to.deep.equal([0.10000000149011612]); // 0.1 in float32
    expect(Array.from(offsets ?? [])).to.deep.equal(Array.from([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], Math.fround));
  });
});

describe('scaleSteps', () => {
  it('multiplies the steps of each neuron, and leaves offsets', () => {
    const {steps, offsets} = scaleSteps(scales, (n) => n + 1);
    expect(Array.from(steps)).to.deep.equal([1, 4, 3, 8, 5, 12]);
    expect(offsets).to.deep.equal(roundToFloat32(scales).offsets);
  });
});
