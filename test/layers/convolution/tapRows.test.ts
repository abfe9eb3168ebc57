import '@tensorflow/tfjs-backend-cpu';
import {tensor, tidy} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import type {ConvAxis} from '../../../src/layers/convolution/convGeometry.ts';
import {tapRows} from '../../../src/layers/convolution/tapRows.ts';
import {onBackends} from '../../support/backends/onBackends.ts';

const unit: ConvAxis = {length: 4, outputs: 4, taps: 1, stride: 1, dilation: 1, before: 0, spacing: 1};

/** The rows of an input 1, 2, 3, … of this shape. */
function rowsOf(shape: number[], axes: readonly ConvAxis[], rows: readonly number[]): number[][] {
  const size = shape.reduce((product, length) => product * length, 1);
  return tidy(() => {
    const input = tensor(
      Array.from({length: size}, (_, i) => i + 1),
      shape,
      'float32',
    );
    return tapRows(input, axes, Int32Array.from(rows)).arraySync();
  });
}

onBackends(['cpu', 'wasm'], () => {
  describe('tapRows(input, geometry, rows)', () => {
    for (const [what, axis, expected] of [
      [
        'three taps, one zero before',
        {outputs: 4, taps: 3, before: 1},
        [
          [0, 1, 2],
          [1, 2, 3],
          [2, 3, 4],
          [3, 4, 0],
        ],
      ],
      [
        'two taps at stride 2',
        {outputs: 2, taps: 2, stride: 2},
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        'two taps at dilation 3, two zeros before',
        {outputs: 2, taps: 2, dilation: 3, before: 2},
        [
          [0, 2],
          [0, 3],
        ],
      ],
      ['entries that a stride beyond the kernel leaves out', {outputs: 2, taps: 1, stride: 3}, [[1], [4]]],
      [
        'an input that begins before its first window',
        {outputs: 2, taps: 2, before: -1},
        [
          [2, 3],
          [3, 4],
        ],
      ],
      [
        'a zero between neighbouring entries',
        {outputs: 3, taps: 2, spacing: 2},
        [
          [1, 0],
          [0, 2],
          [2, 0],
        ],
      ],
    ] as const) {
      it(`1, 2, 3, 4: ${what}`, () => {
        expect(rowsOf([1, 4, 1], [{...unit, ...axis}], [...expected.keys()])).to.deep.equal(expected);
      });
    }

    it('orders a row by axis, then channel, and takes the rows that are asked for', () => {
      // [[(1, 2), (3, 4), (5, 6)], [(7, 8), (9, 10), (11, 12)]]: windows of 2 × 2 pixels of two channels
      const axes = [
        {...unit, length: 2, outputs: 1, taps: 2},
        {...unit, length: 3, outputs: 2, taps: 2},
      ];
      expect(rowsOf([1, 2, 3, 2], axes, [1, 0])).to.deep.equal([
        [3, 4, 5, 6, 9, 10, 11, 12],
        [1, 2, 3, 4, 7, 8, 9, 10],
      ]);
    });

    it('counts rows through the batch: row 3 of two positions per sample is the second of sample 1', () => {
      expect(rowsOf([2, 2, 1], [{...unit, length: 2, outputs: 2}], [3, 0])).to.deep.equal([[4], [1]]);
    });

    it('is zero where one axis is outside, although the other is inside', () => {
      const axes = [
        {...unit, length: 2, outputs: 1, taps: 2, before: 1},
        {...unit, length: 2, outputs: 1, taps: 2},
      ];
      expect(rowsOf([1, 2, 2, 1], axes, [0])).to.deep.equal([[0, 0, 1, 2]]);
    });
  });
});
