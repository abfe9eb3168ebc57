import 'tfjs-compress/plugins/wasm';
import {memory} from '@tensorflow/tfjs-core';
import {Callback, CustomCallback, type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {fit, fitDataset, maskGradients, trainEnd} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {countedDataset} from '../support/models/datasets.ts';
import {causedTensor, wideNetwork} from '../support/models/prunableNetworks.ts';
import {gaussianTensor, randomize, weightsOf} from '../support/models/smallNetworks.ts';
import {expectKept} from '../support/models/trainings.ts';
import {kernelOf, withOptimizer, withPruned} from '../support/models/trainings.ts';

onBackends(['wasm'], () => {
  describe('maskGradients', () => {
    it('beside other callbacks, in every order that tfjs takes', async () => {
      const plain = {onBatchEnd: async () => undefined};
      class Own extends Callback {}
      for (const others of [
        (mask: object) => [mask, new Own()],
        (mask: object) => [new CustomCallback(plain), mask],
        (mask: object) => [trainEnd(), mask],
        (mask: object) => [plain, mask],
      ]) {
        await withPruned(wideNetwork(), async ({compression, x, y}) => {
          const before = await kernelOf(compression.model, 'wide');
          await withOptimizer(compression.model, 'adam', () =>
            compression.model.fit(x, y, {
              epochs: 1,
              verbose: 0,
              callbacks: others(maskGradients(compression)) as never,
            }),
          );
          expectKept(before, await kernelOf(compression.model, 'wide'));
        });
      }
    });

    it('among the callbacks of fit and of fitDataset', async () => {
      await withPruned(wideNetwork(), async ({compression, x, y}) => {
        const before = await kernelOf(compression.model, 'wide');
        const dataset = countedDataset((index) =>
          index < 3 ? {xs: causedTensor([10, 33], index), ys: gaussianTensor([10, 4], index)} : undefined,
        );
        await withOptimizer(compression.model, 'adam', async () => {
          await lastValueFrom(
            fit(compression.model, x, y, {
              epochs: 2,
              verbose: 0,
              callbacks: [maskGradients(compression), {onEpochEnd: async () => undefined}] as never,
            }),
          );
          await lastValueFrom(
            fitDataset(compression.model, dataset, {epochs: 2, verbose: 0, callbacks: [maskGradients(compression)]}),
          );
        });
        expectKept(before, await kernelOf(compression.model, 'wide'));
      });
    });

    it('for several trainings in a row: ten leave as many tensors as one', async () => {
      await withPruned(wideNetwork(), async ({compression, x, y}) => {
        const mask = maskGradients(compression);
        const before = await kernelOf(compression.model, 'wide');
        await withOptimizer(compression.model, 'adam', async () => {
          const once = () => compression.model.fit(x, y, {epochs: 1, verbose: 0, callbacks: mask});
          await once();
          const tensors = memory().numTensors;
          for (let i = 0; i < 9; i++) await once();
          expect(memory().numTensors).to.equal(tensors);
        });
        expectKept(before, await kernelOf(compression.model, 'wide'));
      });
    });

    for (const [end, callbacks] of Object.entries<(mask: Callback) => ModelFitArgs['callbacks']>({
      fails: (mask) => [
        mask,
        new CustomCallback({
          onBatchEnd: (batch) => {
            if (batch === 1) throw new Error('own');
          },
        }),
      ],
      'is stopped': (mask) => [mask, new Stopping()],
    })) {
      it(`leaves no mask behind when training ${end}`, async () => {
        await withPruned(wideNetwork(), async ({compression, x, y}) => {
          const before = await kernelOf(compression.model, 'wide');
          await withOptimizer(compression.model, 'sgd', async () => {
            const left = async (mask: Callback) => {
              const tensors = memory().numTensors;
              // The fit of this library: model.fit leaves its logs behind when it fails.
              await lastValueFrom(
                fit(compression.model, x, y, {
                  epochs: 3,
                  batchSize: 10,
                  verbose: 0,
                  ...{callbacks: callbacks(mask) ?? []},
                }),
              ).catch(() => undefined);
              return memory().numTensors - tensors;
            };
            expect(await left(maskGradients(compression))).to.equal(0);
          });
          expectKept(before, await kernelOf(compression.model, 'wide'));
        });
      });
    }

    it('works when its hooks are called by hand, and holds no tensor between them', async () => {
      await withPruned(wideNetwork(), async ({compression}) => {
        const before = await weightsOf(compression.model);
        const tensors = memory().numTensors;
        const mask = maskGradients(compression);
        mask.setModel(compression.model);
        await mask.onTrainBegin();
        randomize(compression.model, 9);
        await mask.onBatchEnd();
        expect(memory().numTensors).to.equal(tensors);
        const after = await weightsOf(compression.model);
        expectKept(before[0], after[0]);
        expect(after.slice(1).flat().includes(0)).to.equal(false);
      });
    });
  });
});

class Stopping extends Callback {
  override async onBatchEnd(batch: number): Promise<void> {
    if (batch === 1) this.model.stopTraining = true;
  }
}
