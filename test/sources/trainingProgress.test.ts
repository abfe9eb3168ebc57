import {memory} from '@tensorflow/tfjs-core';
import {Callback, type LayersModel, type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Observable, tap} from 'rxjs';
import {type Compression, fit, fitDataset, progress, type ProgressEvent, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {batchesOfSix} from '../support/models/datasets.ts';
import {errorOf, untilTensors} from '../support/models/smallNetworks.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';

type Args = Pick<ModelFitArgs, 'epochs' | 'initialEpoch' | 'callbacks'>;

onBackends(['wasm'], () => {
  const trainable = withTrainableNetwork({compile: {metrics: ['mae']}, samples: 40});

  const sources: Readonly<Record<string, (args?: Args) => Observable<Compression>>> = {
    fit: (args) => fit(trainable.network, trainable.x, trainable.y, {epochs: 4, verbose: 0, ...args}),
    fitDataset: (args) => fitDataset(trainable.network, batchesOfSix(5), {epochs: 4, verbose: 0, ...args}),
  };

  for (const [name, source] of Object.entries(sources)) {
    describe(`${name} with progress directly behind it`, () => {
      const eventsOf = async (
        stream: (observer: (event: ProgressEvent) => void) => Observable<unknown>,
      ): Promise<ProgressEvent[]> => {
        const events: ProgressEvent[] = [];
        await lastValueFrom(stream((event) => events.push(event)));
        return events;
      };

      it('says when training begins, and each epoch with its logs, as model.history has them', async () => {
        const events = await eventsOf((observer) => source().pipe(progress(observer)));
        expect(
          events.map(({stage, layer, index, total, fraction}) => [stage, layer, index, total, fraction]),
        ).to.deep.equal([
          [name, '', 0, 4, 0],
          [name, '', 0, 4, 0.25],
          [name, '', 1, 4, 0.5],
          [name, '', 2, 4, 0.75],
          [name, '', 3, 4, 1],
        ]);
        const inner = trainable.network as unknown as {model?: LayersModel};
        const {history} = (inner.model ?? trainable.network).history;
        expect(events[0].logs).to.equal(undefined);
        expect(events.slice(1).map(({logs}) => logs)).to.deep.equal(
          [0, 1, 2, 3].map((epoch) => ({loss: history['loss'][epoch], mae: history['mae'][epoch]})),
        );
      });

      it('time goes on, and what remains ends at 0', async () => {
        const events = await eventsOf((observer) => source().pipe(progress(observer)));
        events.slice(1).forEach(({elapsed}, i) => {
          expect(elapsed).to.be.at.least(events[i].elapsed);
        });
        expect(events.map(({remaining}) => remaining).at(0)).to.equal(Infinity);
        expect(events.at(-1)?.remaining).to.equal(0);
      });

      it('the stages that follow are seen after training, by all observers', async () => {
        const log: string[] = [];
        const {dispose} = await lastValueFrom(
          source({epochs: 1}).pipe(
            progress(({stage, fraction}) => log.push(`first ${stage} ${fraction}`)),
            progress({
              next: ({stage, fraction}: ProgressEvent) => {
                log.push(`second ${stage} ${fraction}`);
              },
            }),
            spfqQuantize({bits: 4, samples: 1, scale: 'mse'}),
          ),
        );
        expect(log).to.deep.equal(
          [
            [name, 0],
            [name, 1],
            ['spfqQuantize', 0],
            ['spfqQuantize', 0.5],
            ['spfqQuantize', 1],
          ].flatMap(([stage, fraction]) => [`first ${stage} ${fraction}`, `second ${stage} ${fraction}`]),
        );
        dispose();
      });

      it('each subscription, and each pipeline, is by itself', async () => {
        const training = source({epochs: 2});
        const [one, other]: ProgressEvent[][] = [[], []];
        const observed = training.pipe(progress((event) => one.push(event)));
        await lastValueFrom(training);
        expect(one).to.deep.equal([]);
        await lastValueFrom(training.pipe(progress((event) => other.push(event))));
        expect(one).to.deep.equal([]);
        await lastValueFrom(observed);
        await lastValueFrom(observed);
        expect(one.map(({fraction}) => fraction)).to.deep.equal([0, 0.5, 1, 0, 0.5, 1]);
        expect(other.map(({fraction}) => fraction)).to.deep.equal([0, 0.5, 1]);
      });

      it('of a training that goes on, its fractions are those of the epochs that are left', async () => {
        const events = await eventsOf((observer) => source({epochs: 7, initialEpoch: 5}).pipe(progress(observer)));
        expect(events.map(({index, total, fraction}) => [index, total, fraction])).to.deep.equal([
          [5, 7, 0],
          [5, 7, 0.5],
          [6, 7, 1],
        ]);
      });

      it('a training that somebody ends early ends at fraction 1, without logs', async () => {
        class Early extends Callback {
          override async onEpochEnd(epoch: number): Promise<void> {
            this.model.stopTraining = epoch === 1;
          }
        }
        const events = await eventsOf((observer) => source({callbacks: [new Early()]}).pipe(progress(observer)));
        expect(events.map(({index, fraction}) => [index, fraction])).to.deep.equal([
          [0, 0],
          [0, 0.25],
          [1, 0.5],
          [1, 1],
        ]);
        expect(events.map(({logs}) => logs !== undefined)).to.deep.equal([false, true, true, false]);
      });

      it('unsubscribed from, nothing more is seen, and no tensor is left', async () => {
        const tensors = memory().numTensors;
        const events: ProgressEvent[] = [];
        await new Promise<void>((resolve) => {
          const subscription = source()
            .pipe(
              progress((event) => {
                events.push(event);
                if (event.fraction === 0.5)
                  setTimeout(() => {
                    subscription.unsubscribe();
                    resolve();
                  });
              }),
            )
            .subscribe();
        });
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
        await untilTensors(tensors);
        expect(memory().numTensors).to.equal(tensors);
        expect(events.every(({fraction, logs}) => fraction < 1 || logs !== undefined)).to.equal(true);
      });

      it('an observer that throws ends the training with its error', async () => {
        const own = new Error('own');
        const tensors = memory().numTensors;
        const seen: number[] = [];
        expect(
          await errorOf(
            source().pipe(
              progress(({fraction}) => {
                seen.push(fraction);
                if (fraction === 0.5) throw own;
              }),
            ),
          ),
        ).to.equal(own);
        expect(seen).to.deep.equal([0, 0.25, 0.5]);
        expect(memory().numTensors).to.equal(tensors);
      });

      it('further down, it does not see the training: that is over', async () => {
        const events = await eventsOf((observer) =>
          source({epochs: 1}).pipe(
            tap(() => undefined),
            progress(observer),
          ),
        );
        expect(events).to.deep.equal([]);
      });
    });
  }

  describe('fit', () => {
    for (const hook of ['onBatchEnd', 'onEpochEnd', 'onTrainEnd'] as const) {
      it(`of a callback that throws in ${hook} leaves no tensor behind`, async () => {
        const own = new Error('own');
        let calls = 0;
        const tensors = memory().numTensors;
        const callbacks = {
          [hook]: async () => {
            if (++calls === 2 || hook === 'onTrainEnd') throw own;
          },
        };
        expect(
          await errorOf(
            fit(trainable.network, trainable.x, trainable.y, {epochs: 3, batchSize: 10, verbose: 0, callbacks}),
          ),
        ).to.equal(own);
        expect(memory().numTensors).to.equal(tensors);
      });
    }
  });
});
