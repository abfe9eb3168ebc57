import {expect} from 'chai';
import {lastValueFrom, type Subscription} from 'rxjs';
import {fitDataset} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {batchesOfSix, batchOfSix, countedDataset} from '../support/models/datasets.ts';
import {weightsOf} from '../support/models/smallNetworks.ts';
import {withLeakCheckedNetwork} from '../support/models/trainableNetwork.ts';
import {whenIdle} from '../support/models/trainings.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fitDataset', () => {
    const checked = withLeakCheckedNetwork();

    describe('unsubscribed from', () => {
      /** Elements read, and batches trained on, when `asked` batches were trained on. */
      async function untilStopped(asked: number, size = 8): Promise<{read: number[]; batches: number}> {
        const dataset = countedDataset((index) => batchOfSix(index, size));
        const subscription: {current?: Subscription} = {};
        let [batches, emissions] = [0, 0];
        const callbacks = {
          onBatchEnd: async () => {
            if (++batches === asked) subscription.current?.unsubscribe();
          },
        };
        subscription.current = fitDataset(checked.network, dataset, {
          epochs: 50,
          batchesPerEpoch: 10,
          verbose: 0,
          callbacks,
        }).subscribe(() => {
          emissions++;
        });
        if (asked === 0) subscription.current.unsubscribe();
        await whenIdle(checked.network);
        expect(emissions).to.equal(0);
        return {read: dataset.readings, batches};
      }

      it('in mid-training, it stops after the current batch', async () => {
        expect(await untilStopped(5)).to.deep.equal({read: [5], batches: 5});
        expect(await untilStopped(13)).to.deep.equal({read: [13], batches: 13});
      });

      it('at once, it reads and trains on nothing', async () => {
        const before = await weightsOf(checked.network);
        expect(await untilStopped(0)).to.deep.equal({read: [], batches: 0});
        expect(await weightsOf(checked.network)).to.deep.equal(before);
      });

      it('while it waits for data, it frees the element that comes', async () => {
        const [asked, arrival] = [signal(), signal()];
        const dataset = {
          iterator: async () => ({
            next: async () => {
              asked.give();
              await arrival.given;
              return {done: false, value: batchOfSix(1)};
            },
          }),
        };
        const subscription = fitDataset(checked.network, dataset, {epochs: 2, verbose: 0}).subscribe();
        await asked.given;
        subscription.unsubscribe();
        arrival.give();
        await whenIdle(checked.network);
      });

      it('the model can be trained again', async () => {
        await untilStopped(2);
        const dataset = batchesOfSix(3);
        await lastValueFrom(fitDataset(checked.network, dataset, {epochs: 2, verbose: 0}));
        expect(dataset.readings).to.deep.equal([3, 3]);
      });

      it('after it has completed, it stops no later training', async () => {
        const dataset = batchesOfSix(3);
        const subscription: {current?: Subscription} = {};
        await new Promise<void>((resolve) => {
          subscription.current = fitDataset(checked.network, batchesOfSix(2), {epochs: 1, verbose: 0}).subscribe(() => {
            void checked.network.fitDataset(dataset as never, {epochs: 4, verbose: 0}).then(() => {
              resolve();
            });
          });
        });
        subscription.current?.unsubscribe();
        expect(dataset.readings.filter((count) => count > 0)).to.deep.equal([3, 3, 3, 3]);
      });
    });
  });
});

/** A promise and what keeps it. */
function signal(): {given: Promise<void>; give: () => void} {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return {given, give};
}
