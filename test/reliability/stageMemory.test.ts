import {memory, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Observable, type OperatorFunction, type Subscription} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  gpfqQuantize,
  magnitudePrune,
  optqQuantize,
  progress,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
  wandaPrune,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {causedTensor} from '../support/models/prunableNetworks.ts';
import {errorOf, leavingAlone, randomize, untilTensors} from '../support/models/smallNetworks.ts';

type Stage = OperatorFunction<Compression, Compression>;

const TIMES = 2;
const ALL = {include: /./};
const BRIEF = {scale: 'mse', samples: 2} as const;

/** Chains of stages whose last one must leave nothing behind. */
const CHAINS: Readonly<Record<string, readonly Stage[]>> = {
  spfqPrune: [spfqPrune(ALL)],
  spfqCompress: [spfqCompress({...BRIEF, ...ALL})],
  'magnitudePrune, spfqQuantize': [magnitudePrune(ALL), spfqQuantize(BRIEF)],
  'rtnQuantize, correct': [rtnQuantize({bits: 2}), correct()],
  'magnitudePrune, spfqQuantize, correct': [
    magnitudePrune(ALL),
    spfqQuantize({...BRIEF, bits: 1, symmetric: false}),
    correct(),
  ],
  'magnitudePrune, correct': [magnitudePrune(ALL), correct()],
  gpfqQuantize: [gpfqQuantize()],
  optqQuantize: [optqQuantize()],
  magnitudePrune: [magnitudePrune(ALL)],
  wandaPrune: [wandaPrune(ALL)],
};

/** A convolution without bias, a BatchNormalization, a depthwise convolution and a dense layer. */
function normalizedNetwork(): LayersModel {
  const network = sequential({
    layers: [
      layers.conv2d({name: 'conv', filters: 4, kernelSize: 3, useBias: false, inputShape: [6, 6, 2]}),
      layers.batchNormalization({name: 'norm', betaInitializer: 'ones'}),
      layers.reLU(),
      layers.depthwiseConv2d({name: 'depthwise', kernelSize: 3}),
      layers.flatten(),
      layers.dense({name: 'out', units: 3}),
    ],
  });
  for (const name of ['conv', 'depthwise', 'out']) randomize(network.getLayer(name), 41);
  return network;
}

onBackends(['wasm'], () => {
  describe('tensors after a stage', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = normalizedNetwork();
      x = causedTensor([48, 6, 6, 2], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    async function often(run: () => Promise<unknown>): Promise<void> {
      await leavingAlone(network, async () => {
        for (let i = 0; i < TIMES; i++) await run();
      });
    }

    const piped = (stages: readonly Stage[]): Observable<Compression> =>
      stages.reduce((stream, stage) => stage(stream), compress(network).pipe(calibrate(x, {rows: 256})));

    for (const [name, stages] of Object.entries(CHAINS)) {
      const [before, last] = [stages.slice(0, -1), stages[stages.length - 1]];

      it(`${name}, complete: one model more, and the same once it is disposed of`, () =>
        often(async () => {
          const start = memory().numTensors;
          const {dispose} = await lastValueFrom(piped(stages));
          expect(memory().numTensors).to.equal(start + network.weights.length);
          dispose();
        }));

      it(`${name}, an error in the last stage: the same`, () =>
        often(async () => {
          for (const at of [0, 2]) {
            let events = 0;
            const failing = progress(() => {
              if (events++ === at) throw new Error('observer');
            });
            expect((await errorOf(piped([...before, failing, last]))).message).to.equal('observer');
          }
        }));

      it(`${name}, unsubscribed in the last stage: the same`, () =>
        often(async () => {
          const tensors = memory().numTensors;
          for (const at of [0, 2]) {
            const subscription: {current?: Subscription} = {};
            let events = 0;
            const stop = progress(() => {
              if (events++ === at) subscription.current?.unsubscribe();
            });
            await new Promise<void>((resolve, reject) => {
              subscription.current = piped([...before, stop, last]).subscribe({
                next: () => {
                  reject(new Error('expected no emission'));
                },
                error: reject,
              });
              subscription.current.add(resolve);
            });
            await untilTensors(tensors);
          }
        }));
    }
  });
});
