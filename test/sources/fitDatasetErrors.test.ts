import {memory, ones} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {DataError, fitDataset, trainEnd} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {batchesOfSix, batchOfSix, countedDataset} from '../support/models/datasets.ts';
import {denseNetwork, errorOf} from '../support/models/smallNetworks.ts';
import {withLeakCheckedNetwork} from '../support/models/trainableNetwork.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fitDataset', () => {
    const checked = withLeakCheckedNetwork();

    describe('an error goes down the stream, and nothing is left behind', () => {
      for (const at of [0, 1, 5]) {
        it(`of a data set that throws at element ${at}`, async () => {
          const own = new Error('own');
          const trained = trainEnd();
          let emissions = 0;
          trained.subscribe(() => {
            emissions++;
          });
          const dataset = countedDataset((index) => {
            if (index === at) throw own;
            return batchOfSix(index);
          });
          expect(
            await errorOf(
              fitDataset(checked.network, dataset, {
                epochs: 2,
                batchesPerEpoch: 3 + at,
                verbose: 0,
                callbacks: trained,
              }),
            ),
          ).to.equal(own);
          expect(emissions).to.equal(0);
        });
      }

      it('of a data set that throws in the second epoch, or cannot be opened again', async () => {
        const own = new Error('own');
        for (const fail of ['next', 'iterator']) {
          let readings = 0;
          const dataset = {
            iterator: async () => {
              const inner = await batchesOfSix(4).iterator();
              if (++readings === 2 && fail === 'iterator') throw own;
              let count = 0;
              return {
                next: async () => {
                  if (readings === 2 && count++ === 2) throw own;
                  return inner.next();
                },
              };
            },
          };
          const validationData = batchesOfSix(2);
          expect(
            await errorOf(
              fitDataset(checked.network, dataset, {epochs: 4, verbose: 0, validationData: validationData as never}),
            ),
          ).to.equal(own);
          expect(validationData.readings, 'validated after the first epoch alone').to.deep.equal([2]);
        }
      });

      it('of an element that does not fit, named by its number', async () => {
        const wrong = {
          xs: () => ({xs: ones([8, 5]), ys: ones([8, 3])}),
          element: () => ({x: ones([8, 6])}),
          tensor: () => ones([8, 6]),
        };
        const messages = {
          xs: "fitDataset: batch 2: input 'hidden_input': expected shape [batch, 6], got [8, 5]",
          element: 'fitDataset: batch 2: expected elements {xs, ys} of tensors, got ',
          tensor: 'fitDataset: batch 2: expected elements {xs, ys} of tensors, got ',
        };
        for (const kind of ['xs', 'element', 'tensor'] as const) {
          const dataset = countedDataset((index) => (index === 2 ? wrong[kind]() : batchOfSix(index)));
          const error = await errorOf(fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}));
          expect(error).to.be.instanceOf(DataError);
          expect(error.message.slice(0, messages[kind].length)).to.equal(messages[kind]);
        }
      });

      it('of tfjs: targets of another shape', async () => {
        for (const ys of [
          [8, 2],
          [8, 3, 3],
          [7, 3],
        ]) {
          const dataset = countedDataset((index) => (index < 2 ? {xs: ones([8, 6]), ys: ones(ys)} : undefined));
          expect((await errorOf(fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}))).message).to.match(
            /shape|broadcast|size/i,
          );
          expect(memory().numTensors).to.equal(checked.tensors);
        }
      });

      it('of tfjs: more targets than outputs, no epochs, not compiled', async () => {
        const dataset = countedDataset((index) =>
          index < 2 ? {xs: ones([8, 6]), ys: [ones([8, 3]), ones([8, 3])]} : undefined,
        );
        expect((await errorOf(fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}))).message).to.match(
          /2 Tensors, but expected 1/,
        );
        expect((await errorOf(fitDataset(checked.network, batchesOfSix(2), {epochs: 0, verbose: 0}))).message).to.match(
          /epochs/,
        );
        const raw = denseNetwork();
        expect((await errorOf(fitDataset(raw, batchesOfSix(2), {epochs: 1, verbose: 0}))).message).to.match(/compile/);
        raw.dispose();
      });

      it('of an empty data set', async () => {
        expect(await errorOf(fitDataset(checked.network, batchesOfSix(0), {epochs: 1, verbose: 0})))
          .to.be.instanceOf(DataError)
          .with.property('message')
          .that.equals('fitDataset: expected at least one batch {xs, ys}, got an empty data set, or no epoch to train');
      });

      for (const hook of [
        'onTrainBegin',
        'onEpochBegin',
        'onBatchBegin',
        'onBatchEnd',
        'onEpochEnd',
        'onTrainEnd',
      ] as const) {
        it(`of a callback, in ${hook}, the second time if there is one`, async () => {
          const own = new Error('own');
          let calls = 0;
          const callback = {
            [hook]: async () => {
              if (++calls === 2 || hook.startsWith('onTrain')) throw own;
            },
          };
          const later: string[] = [];
          const error = await errorOf(
            fitDataset(checked.network, batchesOfSix(3), {
              epochs: 3,
              verbose: 0,
              callbacks: [
                callback,
                {
                  onTrainEnd: async () => {
                    later.push('end');
                  },
                },
              ],
            }),
          );
          expect(error).to.equal(own);
          expect(later).to.deep.equal([]);
        });
      }

      it('of another training that is not over; that one goes on', async () => {
        const dataset = batchesOfSix(4);
        const first = lastValueFrom(fitDataset(checked.network, dataset, {epochs: 3, verbose: 0}));
        expect((await errorOf(fitDataset(checked.network, batchesOfSix(4), {epochs: 3, verbose: 0}))).message).to.match(
          /another fit/,
        );
        fitDataset(checked.network, batchesOfSix(4), {epochs: 3, verbose: 0})
          .subscribe({error: () => undefined})
          .unsubscribe();
        await first;
        expect(dataset.readings).to.deep.equal([4, 4, 4]);
      });
    });
  });
});
