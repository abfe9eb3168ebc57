import 'tfjs-compress/plugins/wasm';
import {memory} from '@tensorflow/tfjs-core';
import {type Callback, CustomCallback} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {DataError, fit, ModelError, pruneSchedule} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {wideNetwork} from '../support/models/prunableNetworks.ts';
import {denseNetwork, errorOf, gaussianTensor, leavingAlone, weightsOf} from '../support/models/smallNetworks.ts';
import {training} from '../support/models/trainings.ts';
import {kernelOf, zeros} from '../support/models/trainings.ts';
import {pattern} from '../support/pattern.ts';

const quick = {mask: 'magnitude', iterations: 0} as const;

onBackends(['wasm'], () => {
  describe('pruneSchedule', () => {
    describe('a step that fails', () => {
      it('rejects fit with its error; the weights stay, and nothing is left behind', async () => {
        await training(wideNetwork(), 'sgd', async ({network, x, y}) => {
          const own = new Error('own');
          let readings = 0;
          const data = async function* () {
            if (++readings === 2) throw own;
            yield x.clone();
          };
          const schedule = pruneSchedule(data, {from: 0.3, to: 0.8, end: 4, ...quick});
          let before: number[][] = [];
          const note = new CustomCallback({
            onEpochEnd: async () => {
              before = await weightsOf(network);
            },
          });
          const tensors = memory().numTensors;
          // The fit of this library: model.fit leaves its logs behind when it fails.
          expect(await errorOf(fit(network, x, y, {epochs: 4, verbose: 0, callbacks: [note, schedule]}))).to.equal(own);
          expect(memory().numTensors).to.equal(tensors);
          expect(await weightsOf(network)).to.deep.equal(before);
          expect(schedule.steps.map(({epoch}) => epoch)).to.deep.equal([1]);
        });
      });

      it('for data that does not fit leaves the weights alone', async () => {
        await training(wideNetwork(), 'sgd', async ({network}) => {
          const wrong = gaussianTensor([4, 5], 1);
          const schedule = pruneSchedule(wrong, {to: 0.5, end: 1});
          schedule.setModel(network);
          await leavingAlone(network, async () => {
            const error: unknown = await schedule.onEpochEnd(0).then(
              () => undefined,
              (reason: unknown) => reason,
            );
            expect(error).to.be.instanceOf(DataError);
          });
          wrong.dispose();
        });
      });

      it('because no layer can be pruned names them', async () => {
        const network = denseNetwork();
        const x = gaussianTensor([20, 6], 1);
        const schedule = pruneSchedule(x, {to: 0.5, end: 1});
        schedule.setModel(network);
        await leavingAlone(network, async () => {
          const error: unknown = await schedule.onEpochEnd(0).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          expect(error)
            .to.be.instanceOf(ModelError)
            .with.property('message')
            .that.matches(
              pattern(
                /^pruneSchedule: expected a model with at least one layer to compress, got none: hidden /,
                /\(Dense\): 6 features/,
              ),
            );
        });
        [network, x].forEach((one) => {
          one.dispose();
        });
      });
    });

    it('beside plain objects fails before training, as tfjs hands no model over; works in our fit', async () => {
      await training(wideNetwork(), 'sgd', async ({network, x, y}) => {
        const callbacks = (schedule: Callback) => [{onEpochEnd: async () => undefined}, schedule] as never;
        const schedule = pruneSchedule(x, {to: 0.5, end: 1, ...quick});
        const error: unknown = await network.fit(x, y, {epochs: 1, verbose: 0, callbacks: callbacks(schedule)}).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error)
          .to.be.instanceOf(ModelError)
          .with.property('message')
          .that.equals(
            'pruneSchedule: expected tfjs to say which model it trains; it does if every callback is an ' +
              'instance: make plain objects new tf.CustomCallback(…)',
          );
        await lastValueFrom(fit(network, x, y, {epochs: 1, verbose: 0, callbacks: callbacks(schedule)}));
        expect(zeros(await kernelOf(network, 'wide'))).to.equal(198);
      });
    });
  });
});
