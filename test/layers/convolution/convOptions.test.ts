import '@tensorflow/tfjs-backend-cpu';
import {tensor, tidy} from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {
  channelsLast,
  convOptions,
  filtersOf,
  spatialSizes,
  toDataFormat,
  windowShape,
} from '../../../src/layers/convolution/convOptions.ts';
import {onBackends} from '../../support/backends/onBackends.ts';

const last = layers.conv2d({filters: 7, kernelSize: [2, 3]});
const first = layers.conv2d({filters: 7, kernelSize: [2, 3], dataFormat: 'channelsFirst'});

describe('convOptions(layer, axes)', () => {
  it('gives a number to every axis', () => {
    const layer = layers.conv3d({filters: 1, kernelSize: 3, strides: 2, padding: 'same'});
    expect(convOptions(layer, 3)).to.deep.equal({
      kernelSize: [3, 3, 3],
      strides: [2, 2, 2],
      dilations: [1, 1, 1],
      padding: 'same',
    });
  });

  it('keeps a list, and the defaults of tfjs: stride 1, dilation 1, valid', () => {
    expect(convOptions(last, 2)).to.deep.equal({
      kernelSize: [2, 3],
      strides: [1, 1],
      dilations: [1, 1],
      padding: 'valid',
    });
  });
});

describe('the shapes of a convolution on 8 × 9 pixels of 5 channels', () => {
  for (const [format, layer, inputShape] of [
    ['channelsLast', last, [4, 8, 9, 5]],
    ['channelsFirst', first, [4, 5, 8, 9]],
  ] as const) {
    it(`${format}: spatial sizes 8 and 9, a window [2, 3, 5], 7 filters`, () => {
      expect(spatialSizes(layer, inputShape)).to.deep.equal([8, 9]);
      expect(windowShape(layer, inputShape)).to.deep.equal([2, 3, 5]);
      expect(filtersOf(layer)).to.equal(7);
    });
  }
});

onBackends(['cpu'], () => {
  it('channelsLast moves two channels of 1 × 3 pixels to the end, toDataFormat moves them back', () => {
    tidy(() => {
      const input = tensor([1, 2, 3, 10, 20, 30], [1, 2, 1, 3], 'int32');
      const moved = channelsLast(first, input);
      expect([moved.shape, moved.dtype]).to.deep.equal([[1, 1, 3, 2], 'float32']);
      expect([...moved.dataSync()]).to.deep.equal([1, 10, 2, 20, 3, 30]);
      const back = toDataFormat(first, moved);
      expect([back.shape, [...back.dataSync()]]).to.deep.equal([input.shape, [1, 2, 3, 10, 20, 30]]);
    });
  });

  it('channelsLast(layer, input) leaves the axes of a channelsLast layer where they are', () => {
    tidy(() => {
      const input = tensor([1, 2, 3, 4], [1, 1, 2, 2]);
      expect([...channelsLast(last, input).dataSync()]).to.deep.equal([1, 2, 3, 4]);
      expect([...toDataFormat(last, input).dataSync()]).to.deep.equal([1, 2, 3, 4]);
    });
  });
});
