import {layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {
  convGeometry,
  outputPositions,
  packedWindows,
  transposedGeometry,
  windowSize,
} from '../../../src/layers/convolution/convGeometry.ts';

describe('convGeometry', () => {
  const conv = (options: object): layers.Layer => layers.conv2d({filters: 1, kernelSize: [3, 2], ...options});

  it("of padding 'valid' has no zeros before the input, and the windows that fit", () => {
    const geometry = convGeometry(conv({strides: 2}), [null, 8, 7, 5] as never);
    expect(geometry).to.deep.equal([
      {length: 8, outputs: 3, taps: 3, stride: 2, dilation: 1, before: 0, spacing: 1},
      {length: 7, outputs: 3, taps: 2, stride: 2, dilation: 1, before: 0, spacing: 1},
    ]);
    expect([outputPositions(geometry), windowSize(geometry)]).to.deep.equal([9, 6]);
  });

  it("of padding 'same' has as many outputs as inputs per stride, and the smaller half of the zeros before", () => {
    const [y, x] = convGeometry(conv({padding: 'same'}), [null, 8, 7, 5] as never);
    expect([y.outputs, y.before, x.outputs, x.before]).to.deep.equal([8, 1, 7, 0]);
  });

  it('counts dilated taps at their distance', () => {
    const [y] = convGeometry(conv({dilationRate: [2, 1]}), [null, 8, 7, 5] as never);
    expect([y.outputs, y.dilation, y.taps]).to.deep.equal([4, 2, 3]);
  });

  it('finds the spatial axes after the channels, too', () => {
    const geometry = convGeometry(conv({dataFormat: 'channelsFirst'}), [null, 5, 8, 7] as never);
    expect(geometry.map(({length}) => length)).to.deep.equal([8, 7]);
  });

  // ⌈length / stride⌉ outputs need (outputs − 1) · stride + taps entries; the smaller half of the zeros comes first.
  for (const [length, taps, stride, outputs, before] of [
    [9, 4, 1, 9, 1], // 12 − 9 = 3 zeros
    [9, 3, 2, 5, 1], // 11 − 9 = 2 zeros
    [8, 3, 2, 4, 0], // 9 − 8 = 1 zero
    [8, 2, 3, 3, 0], // 8 − 8 = none
  ]) {
    it(`'same', ${length} entries, ${taps} taps, stride ${stride}: ${outputs} outputs, ${before} before`, () => {
      const layer = layers.conv1d({filters: 1, kernelSize: taps, strides: stride, padding: 'same'});
      expect(convGeometry(layer, [1, length, 2])[0]).to.include({length, taps, stride, outputs, before});
    });
  }

  it('prefers options with which tfjs runs the layer instead of its own', () => {
    const [y] = convGeometry(conv({dilationRate: 2}), [1, 9, 9, 2], {dilations: [1, 1]});
    expect([y.dilation, y.outputs]).to.deep.equal([1, 7]);
  });

  it('packedWindows lists the height before the width', () => {
    const geometry = convGeometry(conv({strides: [1, 2], padding: 'same'}), [1, 9, 8, 2]);
    expect(packedWindows(geometry)).to.deep.equal({
      outHeight: 9,
      outWidth: 4,
      kernel: [3, 2],
      strides: [1, 2],
      dilations: [1, 1],
      top: 1,
      left: 0,
    });
  });
});

describe('transposedGeometry', () => {
  for (const padding of ['valid', 'same'] as const) {
    for (const stride of [1, 2, 3]) {
      it(`taps of padding '${padding}', stride ${stride}, are those of the gradient of the convolution`, () => {
        const layer = layers.conv2dTranspose({filters: 1, kernelSize: 3, strides: stride, padding});
        const [axis] = transposedGeometry(layer, [null, 4, 4, 2] as never);
        const forward = convGeometry(layers.conv2d({filters: 1, kernelSize: 3, strides: stride, padding}), [
          null,
          axis.outputs,
          axis.outputs,
          2,
        ] as never)[0];
        expect(forward.outputs).to.equal(4);
        const pairs: string[] = [];
        for (let o = 0; o < axis.outputs; o++)
          for (let i = 0; i < 3; i++) {
            const entry = (o + i - axis.before) / axis.spacing;
            if (Number.isInteger(entry) && entry >= 0 && entry < 4) pairs.push(`${entry} ${2 - i} ${o}`);
          }
        const expected: string[] = [];
        for (let entry = 0; entry < 4; entry++)
          for (let tap = 0; tap < 3; tap++) {
            const o = entry * stride + tap - forward.before;
            if (o >= 0 && o < axis.outputs) expected.push(`${entry} ${tap} ${o}`);
          }
        expect(pairs.sort()).to.deep.equal(expected.sort());
      });
    }
  }
});
