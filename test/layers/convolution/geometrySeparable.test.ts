import {dispose, randomNormal, type Tensor, tidy, transpose} from '@tensorflow/tfjs-core';
import {initializers, layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {KernelAdapter} from '../../../src/layers/adapter/kernelAdapter.ts';
import {adapterFor, kernelsOf} from '../../../src/layers/registry.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {built, expectAdapterToFit, productsOf} from '../../support/layers/layerColumns.ts';
import {largestDifference} from '../../support/numerics/randomMatrices.ts';

const seeded = (seed: number) => initializers.randomNormal({seed, mean: 0, stddev: 0.5});
const kernels: ReadonlyArray<number | [number, number]> = [1, 2, 3, [3, 2]];
const paces: ReadonlyArray<{strides?: number | [number, number]; dilationRate?: number | [number, number]}> = [
  {},
  {strides: 2},
  {strides: [1, 2]},
  {dilationRate: 2},
  {dilationRate: [1, 3]},
];

onBackends(['cpu', 'wasm'], (backend) => {
  // tfjs 4.22 on wasm computes a padded convolution wrongly where the stride is longer than the kernel.
  const kernelsFor = ({strides = 1}: (typeof paces)[number]) =>
    kernels.filter((size) => backend !== 'wasm' || Math.max(...[strides].flat()) <= Math.min(...[size].flat()));

  for (const padding of ['valid', 'same'] as const) {
    for (const pace of paces) {
      for (const dataFormat of ['channelsLast', 'channelsFirst'] as const) {
        const channelsFirst = dataFormat === 'channelsFirst';
        const setting = `padding ${padding}, ${JSON.stringify(pace)}, ${dataFormat}`;
        const each = async (expectIt: (make: () => layers.Layer, shape: number[]) => Promise<void>) => {
          for (const kernelSize of kernelsFor(pace)) {
            for (const depthMultiplier of [1, 2]) {
              // The bias of a layer whose channels come first: see below.
              const options = {
                filters: 4,
                kernelSize,
                depthMultiplier,
                padding,
                dataFormat,
                ...pace,
                useBias: !channelsFirst,
                depthwiseInitializer: seeded(1),
              };
              for (const space of [
                [7, 8],
                [8, 7],
              ])
                await expectIt(
                  () => layers.separableConv2d(options),
                  channelsFirst ? [2, 3, ...space] : [2, ...space, 3],
                );
            }
          }
        };

        it(`pointwise columns · matrix + bias is the output of SeparableConv2D, ${setting}`, () =>
          each((make, shape) => expectAdapterToFit(make, shape, {channelsFirst})));

        it(`depthwise columns · matrices is what the pointwise kernel of SeparableConv2D meets, ${setting}`, () =>
          each(async (make, shape) => {
            const layer = built(make(), shape);
            const input: Tensor = randomNormal(shape, 0, 1, 'float32', 1);
            const [{kernel: depthwise}, {kernel: pointwise}] = kernelsOf(layer);
            const kernelInput = pointwise.kernelInput(layer, [input]);
            expect(largestDifference(await allProducts(depthwise, layer, input), await kernelInput.data())).to.be.below(
              1e-5,
            );
            dispose([kernelInput, input, ...layer.getWeights()]);
          }));
      }
    }
  }

  it('a SeparableConv2D without a bias has none', () =>
    expectAdapterToFit(() => layers.separableConv2d({filters: 2, kernelSize: 2, useBias: false}), [2, 4, 3, 2]));

  it('a SeparableConv2D with channels first is refused: tfjs adds its bias to the rows of its output', async () => {
    const layer = built(
      layers.separableConv2d({filters: 4, kernelSize: 2, dataFormat: 'channelsFirst', depthwiseInitializer: seeded(2)}),
      [2, 3, 5, 6],
    );
    const input: Tensor = randomNormal([2, 3, 5, 6], 0, 1, 'float32', 1);
    const [, {kernel: pointwise}] = kernelsOf(layer);
    expect(adapterFor(layer)?.refusal?.(layer)).to.equal(
      'tfjs adds the bias to the rows of its output, as its channels come first',
    );
    const products = await allProducts({...pointwise, bias: undefined}, layer, input);
    const output = tidy(() => transpose(layer.apply(input) as Tensor, [0, 2, 3, 1]));
    const bias = await layer.getWeights()[2].data();
    // [2, 4, 5, 4]: sample, row, column, neuron.
    expect(
      largestDifference(
        await output.data(),
        products.map((value, i) => value + bias[Math.floor(i / 20) % 4]),
      ),
    ).to.be.below(1e-5);
    dispose([output, input, ...layer.getWeights()]);
  });
});

/** Columns · W of all rows. */
function allProducts(kernel: KernelAdapter, layer: layers.Layer, input: Tensor): Promise<Float64Array> {
  return productsOf(
    kernel,
    layer,
    input,
    Int32Array.from({length: input.shape[0] * kernel.positions(layer, input.shape)}, (_, row) => row),
  );
}
