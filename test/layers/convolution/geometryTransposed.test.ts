import {initializers, layers} from '@tensorflow/tfjs-layers';
import {onBackends} from '../../support/backends/onBackends.ts';
import {expectAdapterToFit} from '../../support/layers/layerColumns.ts';

const seeded = (seed: number) => initializers.randomNormal({seed, mean: 0, stddev: 0.5});
const paddings = ['valid', 'same'] as const;
const formats = ['channelsLast', 'channelsFirst'] as const;

onBackends(['cpu', 'wasm'], (backend) => {
  // tfjs 4.22 on wasm computes Conv3DTranspose wrongly, whatever its options.
  const hasVolumes = backend !== 'wasm';

  describe('columns · matrices + bias is the output', () => {
    for (const padding of paddings) {
      for (const dataFormat of formats) {
        const format = {channelsFirst: dataFormat === 'channelsFirst'};
        const shapeOf = (...space: number[]): number[] => (format.channelsFirst ? [2, 3, ...space] : [2, ...space, 3]);

        for (const strides of [1, 2, 3, [1, 2], [3, 2]] as ReadonlyArray<number | [number, number]>) {
          it(`of Conv2DTranspose, padding ${padding}, strides ${strides.toString()}, ${dataFormat}`, async () => {
            for (const kernelSize of [1, 2, 3, 4, [3, 2], [1, 4]] as ReadonlyArray<number | [number, number]>) {
              for (const useBias of [true, false]) {
                const options = {
                  filters: 4,
                  kernelSize,
                  strides,
                  padding,
                  dataFormat,
                  useBias,
                  kernelInitializer: seeded(1),
                };
                for (const [height, width] of [
                  [1, 1],
                  [5, 4],
                  [4, 3],
                ])
                  await expectAdapterToFit(() => layers.conv2dTranspose(options), shapeOf(height, width), format);
              }
            }
          });
        }

        for (const strides of hasVolumes
          ? ([1, 2, 3, [1, 3, 2]] as ReadonlyArray<number | [number, number, number]>)
          : []) {
          it(`of Conv3DTranspose, padding ${padding}, strides ${strides.toString()}, ${dataFormat}`, async () => {
            for (const kernelSize of [1, 2, 3, [3, 1, 2]] as ReadonlyArray<number | [number, number, number]>) {
              const options = {filters: 4, kernelSize, strides, padding, dataFormat, kernelInitializer: seeded(2)};
              for (const space of [
                [1, 1, 1],
                [2, 3, 4],
              ])
                await expectAdapterToFit(() => layers.conv3dTranspose(options), shapeOf(...space), format);
            }
          });
        }
      }
    }

    it('of Conv2DTranspose and Conv3DTranspose with a dilation, which tfjs leaves out', async () => {
      const options = {filters: 2, kernelSize: 3, strides: 2, dilationRate: 2, kernelInitializer: seeded(3)};
      await expectAdapterToFit(() => layers.conv2dTranspose(options), [2, 4, 3, 2]);
      if (hasVolumes) await expectAdapterToFit(() => layers.conv3dTranspose(options), [2, 2, 3, 2, 2]);
    });
  });
});
