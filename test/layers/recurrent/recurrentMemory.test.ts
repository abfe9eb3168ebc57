import {memory} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, dryRun, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';
import {peakOf} from '../../support/walks/peakOf.ts';

/** tfjs's own initializer takes a chained op that is not loaded here. */
const QUICK = {recurrentInitializer: 'glorotNormal'} as const;
const stacked = (...all: layers.Layer[]): LayersModel => sequential({layers: [...all, layers.dense({units: 4})]});

const networks: Readonly<Record<string, () => LayersModel>> = {
  'an LSTM': () => stacked(layers.lstm({...QUICK, units: 32, inputShape: [20, 8]})),
  'two LSTMs': () =>
    stacked(
      layers.lstm({...QUICK, units: 32, inputShape: [20, 8], returnSequences: true}),
      layers.lstm({...QUICK, units: 16}),
    ),
  'a GRU that is fed wide inputs': () => stacked(layers.gru({...QUICK, units: 32, inputShape: [20, 64]})),
  'a masked GRU': () => stacked(layers.masking({inputShape: [20, 8]}), layers.gru({...QUICK, units: 32})),
  'stacked cells': () =>
    stacked(
      layers.rnn({
        cell: [layers.gruCell({...QUICK, units: 24}), layers.lstmCell({...QUICK, units: 16})],
        inputShape: [20, 8],
      }),
    ),
  'a Bidirectional GRU': () =>
    stacked(
      layers.bidirectional({
        layer: layers.gru({...QUICK, units: 16, returnSequences: true}),
        mergeMode: 'concat',
        inputShape: [20, 8],
      }),
    ),
  'a ConvLSTM2D': () =>
    stacked(layers.convLstm2d({...QUICK, filters: 4, kernelSize: 3, inputShape: [6, 12, 12, 2]}), layers.flatten()),
  'a TimeDistributed Conv2D': () =>
    stacked(
      layers.timeDistributed({layer: layers.conv2d({filters: 4, kernelSize: 3}), inputShape: [6, 12, 12, 2]}),
      layers.flatten(),
    ),
};

onBackends(['wasm'], () => {
  describe('dryRun estimates the tensors within 1/1.2 and 2 times what they take', () => {
    for (const [name, make] of Object.entries(networks)) {
      for (const samples of [64, 256]) {
        it(`of ${name}, ${samples} samples`, async () => {
          const network = make();
          const x = gaussianTensor([samples, ...network.inputs[0].shape.slice(1).map(Number)], 1);
          const others = memory().numBytes - 4 * network.countParams();
          const {peak} = dryRun(network, {bits: 4, samples, rows: 4096});
          const measured =
            (await peakOf(async () => {
              (
                await lastValueFrom(
                  compress(network).pipe(
                    calibrate(x, {rows: 4096, batchSize: 32}),
                    spfqQuantize({bits: 4, samples: 1, sweeps: 0, scale: 'mse'}),
                  ),
                )
              ).dispose();
            })) - others;
          expect(measured / peak.tensors).to.be.within(0.5, 1.2);
          network.dispose();
          x.dispose();
        });
      }
    }
  });
});
