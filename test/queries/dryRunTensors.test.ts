import '@tensorflow/tfjs-backend-wasm';
import {memory} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {OperatorFunction} from 'rxjs';
import {type Compression, dryRun, type DryRunOptions, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {peakOf} from '../support/walks/peakOf.ts';
import {bare, convnet, realRun} from './realRuns.ts';

/** Networks of other convolutions, by what they are. */
const convolutions: Readonly<Record<string, () => LayersModel>> = {
  'two SeparableConv2D': () =>
    sequential({
      layers: [
        layers.separableConv2d({
          inputShape: [16, 16, 3],
          filters: 16,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
        }),
        layers.separableConv2d({filters: 8, kernelSize: 3, strides: 2, padding: 'same'}),
        layers.flatten(),
        layers.dense({units: 4}),
      ],
    }),
  'two Conv2DTranspose': () =>
    sequential({
      layers: [
        layers.conv2dTranspose({
          inputShape: [5, 5, 8],
          filters: 8,
          kernelSize: 4,
          strides: 2,
          padding: 'same',
          activation: 'relu',
        }),
        layers.conv2dTranspose({filters: 3, kernelSize: 3, strides: 2}),
        layers.flatten(),
        layers.dense({units: 4}),
      ],
    }),
  'two Conv3D': () =>
    sequential({
      layers: [
        layers.conv3d({inputShape: [6, 8, 8, 2], filters: 8, kernelSize: 3, padding: 'same', activation: 'relu'}),
        layers.conv3d({filters: 8, kernelSize: 3, strides: 2}),
        layers.flatten(),
        layers.dense({units: 4}),
      ],
    }),
};

onBackends(['wasm'], () => {
  describe('dryRun', () => {
    let model: LayersModel;
    before(() => {
      model = convnet();
    });
    after(() => model.dispose());

    for (const [samples, options, stages] of [
      [256, {bits: 4}, [spfqQuantize({bits: 4, ...bare})]],
      [24, {bits: 2}, [spfqQuantize({bits: 2, ...bare})]],
      [128, {bits: 4, memory: 2 ** 21}, [spfqQuantize({bits: 4, ...bare, memory: 2 ** 21})]],
      [
        96,
        {sparsity: 0.5, bits: 4},
        [spfqPrune({sparsity: 0.5, mask: 'magnitude', iterations: 1}), spfqQuantize({bits: 4, ...bare})],
      ],
    ] satisfies ReadonlyArray<
      readonly [number, DryRunOptions, ReadonlyArray<OperatorFunction<Compression, Compression>>]
    >) {
      it(`${samples} samples, ${JSON.stringify(options)}: estimates tensors within 1/1.2 and 2 times`, async () => {
        const others = memory().numBytes - 4 * model.countParams();
        const {peak} = dryRun(model, {...options, samples, rows: 4096});
        const measured =
          (await peakOf(async () => {
            (await realRun(model, samples, stages)).dispose();
          })) - others;
        expect(measured / peak.tensors).to.be.within(0.5, 1.2);
      });
    }

    for (const [name, layer] of Object.entries(convolutions)) {
      it(`estimates the tensors of ${name} within 1/1.2 and 2 times what they take`, async () => {
        const network = layer();
        const others = memory().numBytes - 4 * network.countParams();
        const {peak} = dryRun(network, {samples: 24, rows: 4096});
        const measured =
          (await peakOf(async () => {
            (await realRun(network, 24, [spfqQuantize(bare)])).dispose();
          })) - others;
        expect(measured / peak.tensors).to.be.within(0.5, 1.2);
        network.dispose();
      });
    }
  });
});
