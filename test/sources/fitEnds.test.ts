import {memory, ones} from '@tensorflow/tfjs-core';
import {type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Subscription} from 'rxjs';
import {fit, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, errorOf, predictionsOf} from '../support/models/smallNetworks.ts';
import {separable} from '../support/models/trainableNetwork.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';
import {Counter} from '../support/models/trainings.ts';
import {whenIdle} from '../support/models/trainings.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fit', () => {
    const trainable = withTrainableNetwork({
      compile: {loss: 'categoricalCrossentropy'},
      samples: 96,
      targetsFor: separable,
    });

    describe('unsubscribed from', () => {
      /** Batches of 8, of which there are 12 in each of 50 epochs. */
      async function batchesUntilStopped(
        asked: number,
        callbacksOf: (onBatch: () => void) => ModelFitArgs['callbacks'],
      ): Promise<number> {
        let batches = 0;
        let emissions = 0;
        const subscription: {current?: Subscription} = {};
        const callbacks = callbacksOf(() => {
          if (++batches === asked) subscription.current?.unsubscribe();
        });
        subscription.current = fit(trainable.network, trainable.x, trainable.y, {
          epochs: 50,
          batchSize: 8,
          verbose: 0,
          ...(callbacks ? {callbacks} : {}),
        }).subscribe(() => {
          emissions++;
        });
        if (asked === 0) subscription.current.unsubscribe();
        await whenIdle(trainable.network);
        expect(emissions).to.equal(0);
        return batches;
      }

      it('in mid-training, it stops after the current batch', async () => {
        expect(
          await batchesUntilStopped(5, (onBatch) => ({
            onBatchEnd: async () => {
              onBatch();
            },
          })),
        ).to.equal(5);
        expect(
          await batchesUntilStopped(14, (onBatch) => [
            {
              onBatchEnd: async () => {
                onBatch();
              },
            },
          ]),
        ).to.equal(14);
        expect(await batchesUntilStopped(3, (onBatch) => [new Counter(onBatch)])).to.equal(3);
      });

      it('at once, it stops after the first batch, although tfjs forgets a stop that comes so early', async () => {
        for (const callbacksOf of [
          (onBatch: () => void) => ({
            onBatchEnd: async () => {
              onBatch();
            },
          }),
          (onBatch: () => void) => [new Counter(onBatch)],
        ]) {
          expect(await batchesUntilStopped(0, callbacksOf)).to.equal(1);
        }
      });

      it('it leaves no tensor behind', async () => {
        await batchesUntilStopped(2, (onBatch) => [new Counter(onBatch)]);
        const tensors = memory().numTensors;
        await batchesUntilStopped(2, (onBatch) => [new Counter(onBatch)]);
        expect(memory().numTensors).to.equal(tensors);
      });

      it('the model can be trained again', async () => {
        await batchesUntilStopped(2, (onBatch) => [new Counter(onBatch)]);
        let batches = 0;
        await lastValueFrom(
          fit(trainable.network, trainable.x, trainable.y, {
            epochs: 2,
            batchSize: 8,
            verbose: 0,
            callbacks: {
              onBatchEnd: async () => {
                batches++;
              },
            },
          }),
        );
        expect(batches).to.equal(24);
      });
    });

    it('an error of model.fit goes down the stream: not compiled', async () => {
      const raw = denseNetwork();
      expect((await errorOf(fit(raw, trainable.x, trainable.y))).message).to.match(/compile/);
      expect(await predictionsOf(raw, trainable.x)).to.have.length(96 * 3);
      raw.dispose();
    });

    it('an error of model.fit goes down the stream: targets that do not fit', async () => {
      const wrong = ones([96, 2]);
      expect(
        (await errorOf(fit(trainable.network, trainable.x, wrong, {verbose: 0}).pipe(spfqQuantize()))).message,
      ).to.match(/shape/);
      wrong.dispose();
    });

    it('an error of a callback goes down the stream', async () => {
      const own = new Error('own');
      expect(
        await errorOf(
          fit(trainable.network, trainable.x, trainable.y, {
            verbose: 0,
            callbacks: {
              onTrainBegin: async () => {
                throw own;
              },
            },
          }),
        ),
      ).to.equal(own);
    });
  });
});
