import {expect} from 'chai';
import {channelMatrices} from '../../../src/layers/convolution/channelMatrices.ts';

// Entry [h, w, c, m] of a kernel [1, 2, 3, 2] is the number 100 w + 10 c + m.
const shape = [1, 2, 3, 2];
const kernel = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121];

describe('channelMatrices', () => {
  it('toMatrices is a matrix [height · width, multiplier] for each channel', () => {
    const matrices = channelMatrices.toMatrices(kernel, shape);
    expect(matrices.map(({rows, columns, data}) => [rows, columns, ...data])).to.deep.equal([
      [2, 2, 0, 1, 100, 101],
      [2, 2, 10, 11, 110, 111],
      [2, 2, 20, 21, 120, 121],
    ]);
  });

  it('fromMatrices undoes toMatrices', () => {
    const matrices = channelMatrices.toMatrices(kernel, shape);
    expect([...channelMatrices.fromMatrices(matrices, shape)]).to.deep.equal(kernel);
  });

  it('counts 3 matrices of 2 features and 2 neurons', () => {
    const {matrixCount, features, neurons} = channelMatrices;
    expect([matrixCount(shape), features(shape), neurons(shape)]).to.deep.equal([3, 2, 2]);
  });
});
