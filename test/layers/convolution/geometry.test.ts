import {memory} from '@tensorflow/tfjs-core';
import {initializers, layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {onBackends} from '../../support/backends/onBackends.ts';
import {expectAdapterToFit} from '../../support/layers/layerColumns.ts';

const seeded = (seed: number) => initializers.randomNormal({seed, mean: 0, stddev: 0.5});
const paddings = ['valid', 'same'] as const;
const formats = ['channelsLast', 'channelsFirst'] as const;
const kernels: ReadonlyArray<number | [number, number]> = [1, 2, 3, [3, 2]];
/** tfjs refuses strides together with dilations. */
const paces = [
  {strides: 1, dilationRate: 1},
  {strides: 2, dilationRate: 1},
  {strides: 3, dilationRate: 1},
  {strides: 1, dilationRate: 2},
] as const;

onBackends(['cpu', 'wasm'], (backend) => {
  // tfjs 4.22 on wasm computes a padded convolution wrongly where the stride is longer than the kernel.
  const kernelsFor = (strides: number) =>
    kernels.filter((size) => backend !== 'wasm' || strides <= Math.min(...[size].flat()));

  describe('columns · matrices + bias is the output', () => {
    for (const shape of [
      [7, 5],
      [4, 3, 5],
      [2, 3, 2, 5],
    ]) {
      it(`of Dense on inputs of shape [${shape.join(', ')}]`, () =>
        expectAdapterToFit(() => layers.dense({units: 4, kernelInitializer: seeded(1)}), shape));
    }
    it('of Dense without a bias', () =>
      expectAdapterToFit(() => layers.dense({units: 4, useBias: false, kernelInitializer: seeded(1)}), [7, 5]));

    for (const padding of paddings) {
      for (const pace of paces) {
        it(`of Conv1D, padding ${padding}, strides ${pace.strides}, dilation ${pace.dilationRate}`, async () => {
          for (const kernelSize of [1, 2, 3]) {
            for (const length of [5, 8, 11]) {
              await expectAdapterToFit(
                () => layers.conv1d({filters: 4, kernelSize, padding, ...pace, kernelInitializer: seeded(2)}),
                [2, length, 3],
              );
            }
          }
        });

        for (const dataFormat of formats) {
          const setting = `padding ${padding}, strides ${pace.strides}, dilation ${pace.dilationRate}, ${dataFormat}`;

          it(`of Conv2D, ${setting}`, async () => {
            for (const kernelSize of kernelsFor(pace.strides)) {
              for (const [height, width] of [
                [5, 5],
                [7, 6],
                [8, 11],
              ]) {
                const options = {filters: 4, kernelSize, padding, dataFormat, ...pace, kernelInitializer: seeded(3)};
                await expectAdapterToFit(() => layers.conv2d(options), shapeOf(dataFormat, height, width), {
                  channelsFirst: dataFormat === 'channelsFirst',
                });
              }
            }
          });

          it(`of DepthwiseConv2D, ${setting}`, async () => {
            for (const kernelSize of kernelsFor(pace.strides)) {
              for (const [height, width] of [
                [5, 5],
                [7, 6],
                [8, 11],
              ]) {
                for (const depthMultiplier of [1, 2]) {
                  const options = {
                    depthMultiplier,
                    kernelSize,
                    padding,
                    dataFormat,
                    ...pace,
                    depthwiseInitializer: seeded(4),
                  };
                  await expectAdapterToFit(() => layers.depthwiseConv2d(options), shapeOf(dataFormat, height, width), {
                    channelsFirst: dataFormat === 'channelsFirst',
                  });
                }
              }
            }
          });
        }
      }
    }

    it('of Conv2D with strides [2, 1], and with dilations [1, 2]', async () => {
      for (const pace of [{strides: [2, 1]}, {dilationRate: [1, 2]}] as ReadonlyArray<{
        strides?: [number, number];
        dilationRate?: [number, number];
      }>) {
        for (const padding of paddings) {
          await expectAdapterToFit(
            () => layers.conv2d({filters: 2, kernelSize: [3, 2], padding, ...pace, kernelInitializer: seeded(5)}),
            [2, 7, 8, 3],
          );
        }
      }
    });
  });

  it('an adapter leaves no tensor but its columns', async () => {
    const before = memory().numTensors;
    await expectAdapterToFit(
      () => layers.depthwiseConv2d({kernelSize: 3, dataFormat: 'channelsFirst', depthwiseInitializer: seeded(7)}),
      [2, 3, 5, 5],
      {channelsFirst: true},
    );
    expect(memory().numTensors).to.equal(before);
  });
});

function shapeOf(dataFormat: string, height: number, width: number): number[] {
  return dataFormat === 'channelsLast' ? [2, height, width, 3] : [2, 3, height, width];
}
