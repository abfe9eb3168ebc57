import {memory, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Observable, type OperatorFunction, type Subscription} from 'rxjs';
import {calibrate, compress, type Compression, evaluate, progress, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {
  denseNetwork,
  errorOf,
  gaussianTensor,
  leavingAlone,
  predictionsOf,
  untilTensors,
} from '../support/models/smallNetworks.ts';

const TIMES = 50;
const quick = spfqQuantize({bits: 2, scale: 'mse', samples: 1});

onBackends(['wasm', 'cpu'], () => {
  describe(`tensors after a pipeline, ${TIMES} times in a row`, () => {
    let network: LayersModel;
    let x: Tensor;
    let start: {numTensors: number; numBytes: number};
    before(() => {
      network = denseNetwork();
      x = gaussianTensor([64, 6], 1);
      start = memory();
    });
    afterEach(async () => {
      await untilTensors(start.numTensors);
      expect(memory().numTensors).to.equal(start.numTensors);
      expect(memory().numBytes).to.equal(start.numBytes);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const batches = () => [0, 1, 2, 3].map((seed) => gaussianTensor([16, 6], seed));

    async function often(run: () => Promise<unknown>): Promise<void> {
      for (let i = 0; i < TIMES; i++) await run();
    }

    it('complete: the same, once the result is disposed of', () =>
      often(async () => {
        (await lastValueFrom(compress(network).pipe(calibrate(x), quick))).dispose();
      }));

    it('complete, with two stages and an evaluation: the intermediate model is gone', () =>
      often(async () => {
        const result = await lastValueFrom(compress(network).pipe(calibrate(x), quick, quick, evaluate({xs: x})));
        expect(memory().numTensors).to.equal(start.numTensors + network.weights.length);
        result.dispose();
      }));

    it('complete, with a source of batches', () =>
      often(async () => {
        (await lastValueFrom(compress(network).pipe(calibrate(batches), quick))).dispose();
      }));

    it('an error of the source at its second batch: the same', () =>
      often(async () => {
        const source = async function* () {
          yield gaussianTensor([16, 6], 1);
          throw new Error('second batch');
        };
        expect((await errorOf(compress(network).pipe(calibrate(source), quick))).message).to.equal('second batch');
      }));

    for (const at of [0, 1, 2]) {
      it(`an error thrown by a progress observer at event ${at}: the same`, () =>
        often(async () => {
          let events = 0;
          const observer = progress(() => {
            if (events++ === at) throw new Error('observer');
          });
          expect((await errorOf(compress(network).pipe(calibrate(x), observer, quick))).message).to.equal('observer');
        }));
    }

    it("an error in the second stage: the first one's model is gone", () =>
      often(async () => {
        const broken = spfqQuantize({include: 'nothing'});
        await errorOf(compress(network).pipe(calibrate(x), quick, broken));
      }));

    it('an error in an evaluation: the compressed model is gone', () =>
      often(async () => {
        await errorOf(
          compress(network).pipe(
            calibrate(x),
            quick,
            evaluate(async function* () {
              yield {xs: gaussianTensor([4, 6], 1)};
              throw new Error('bad');
            }),
          ),
        );
      }));

    it('unsubscribed at the first progress event: the same', () =>
      often(() => unsubscribed((stop) => [progress(stop), quick])));

    it('unsubscribed in the middle of the walk: the same', () =>
      often(() =>
        unsubscribed((stop) => {
          const source = async function* () {
            for (let i = 0; i < 4; i++) {
              yield gaussianTensor([16, 6], i);
              if (i === 1) stop();
            }
          };
          return [calibrate(source), quick];
        }),
      ));

    it('unsubscribed in the second stage: the same', () =>
      often(() => unsubscribed((stop) => [quick, progress(stop), quick])));

    it('unsubscribed in an evaluation: the same', () =>
      often(() =>
        unsubscribed((stop) => {
          const source = async function* () {
            yield {xs: gaussianTensor([4, 6], 1), ys: gaussianTensor([4, 3], 1)};
            stop();
            yield {xs: gaussianTensor([4, 6], 1)};
          };
          return [quick, evaluate(source)];
        }),
      ));

    it('unsubscribed at once: the same', () =>
      often(() =>
        unsubscribed((stop) => {
          setTimeout(stop, 0);
          return [quick];
        }),
      ));

    async function unsubscribed(
      stages: (stop: () => void) => Array<OperatorFunction<Compression, Compression>>,
    ): Promise<void> {
      const subscription: {current?: Subscription} = {};
      let emissions = 0;
      const stop = () => {
        subscription.current?.unsubscribe();
      };
      const pipeline = [calibrate(x), ...stages(stop)].reduce<Observable<Compression>>(
        (source, stage) => stage(source),
        compress(network),
      );
      await new Promise<void>((resolve, reject) => {
        subscription.current = pipeline.subscribe({
          next: () => {
            emissions++;
          },
          error: reject,
        });
        subscription.current.add(resolve);
      });
      await untilTensors(start.numTensors);
      expect(emissions).to.equal(0);
      expect(memory().numTensors).to.equal(start.numTensors);
    }
  });

  describe('the original model', () => {
    it('is never written to or disposed of: same predictions after complete, error and unsubscribe', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([64, 6], 1);
      const before = await predictionsOf(network, x);
      await leavingAlone(network, async () => {
        (await lastValueFrom(compress(network).pipe(calibrate(x), quick, quick))).dispose();
        await errorOf(compress(network).pipe(calibrate(x), quick, spfqQuantize({include: 'nothing'})));
        await new Promise<void>((resolve) => {
          const subscription = compress(network)
            .pipe(
              calibrate(x),
              progress(() => {
                subscription.unsubscribe();
              }),
              quick,
            )
            .subscribe();
          subscription.add(resolve);
        });
      });
      expect(await predictionsOf(network, x)).to.deep.equal(before);
      network.dispose();
      x.dispose();
    });

    it('outlives the dispose() of a compression that no stage has touched', async () => {
      const network = denseNetwork();
      (await lastValueFrom(compress(network))).dispose();
      expect(network.weights[0].read().isDisposed).to.equal(false);
      network.dispose();
    });

    it('and its compressed copy share no tensor: disposing of one leaves the other', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([64, 6], 1);
      const {model} = await lastValueFrom(compress(network).pipe(calibrate(x), quick));
      const before = await predictionsOf(model, x);
      network.dispose();
      expect(await predictionsOf(model, x)).to.deep.equal(before);
      model.dispose();
      x.dispose();
    });
  });
});
