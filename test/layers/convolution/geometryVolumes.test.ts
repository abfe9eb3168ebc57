import {initializers, layers} from '@tensorflow/tfjs-layers';
import {onBackends} from '../../support/backends/onBackends.ts';
import {expectAdapterToFit} from '../../support/layers/layerColumns.ts';

const seeded = (seed: number) => initializers.randomNormal({seed, mean: 0, stddev: 0.5});
const paddings = ['valid', 'same'] as const;
const formats = ['channelsLast', 'channelsFirst'] as const;
const kernels: ReadonlyArray<number | [number, number, number]> = [1, 2, 3, [3, 1, 2]];
/** tfjs refuses strides together with dilations. */
const paces: ReadonlyArray<{
  strides?: number | [number, number, number];
  dilationRate?: number | [number, number, number];
}> = [{}, {strides: 2}, {strides: 3}, {strides: [1, 3, 2]}, {dilationRate: 2}, {dilationRate: [2, 1, 3]}];
const spaces = [
  [7, 8, 9],
  [8, 7, 7],
];

onBackends(['cpu', 'wasm'], () => {
  describe('columns · matrices + bias is the output', () => {
    for (const padding of paddings) {
      for (const pace of paces) {
        for (const dataFormat of formats) {
          const format = {channelsFirst: dataFormat === 'channelsFirst'};
          const shapes = spaces.map((space) => (format.channelsFirst ? [2, 3, ...space] : [2, ...space, 3]));
          const setting = `${JSON.stringify(pace)}, padding ${padding}, ${dataFormat}`;

          it(`of Conv3D, ${setting}`, async () => {
            for (const kernelSize of kernels) {
              for (const shape of shapes) {
                await expectAdapterToFit(
                  () =>
                    layers.conv3d({filters: 4, kernelSize, padding, dataFormat, ...pace, kernelInitializer: seeded(1)}),
                  shape,
                  format,
                );
              }
            }
          });
        }
      }
    }
  });
});
