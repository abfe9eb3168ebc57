import {setTimeout as later} from 'node:timers/promises';
import {CustomCallback, model as functional} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {catchError, EMPTY, firstValueFrom, from, map, merge, NEVER, Observable, tap} from 'rxjs';
import {calibrate, type Compression, DataError, ModelError, spfqQuantize, trainEnd} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, leavingAlone, weightsOf} from '../support/models/smallNetworks.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';

const quantize = spfqQuantize({bits: 4, scale: 'mse', samples: 1});

onBackends(['wasm'], () => {
  for (const kind of ['Sequential', 'functional'] as const) {
    describe(`trainEnd on a ${kind} model`, () => {
      const trainable = withTrainableNetwork({
        make: () => {
          const network = denseNetwork();
          if (kind === 'Sequential') return network;
          return functional({inputs: network.inputs, outputs: network.outputs});
        },
      });
      /** Without epochs where it is to fail: tfjs would leave their logs behind. */
      const train = (callbacks: ReturnType<typeof trainEnd> | object[], epochs = 2) =>
        trainable.train(callbacks, {epochs});
      const names = ({report: {layers}, dispose}: Compression): string[] => {
        dispose();
        return layers.map(({name}) => name);
      };

      it('fit awaits the pipeline, slow stages included', async () => {
        const log: string[] = [];
        const trained = trainEnd();
        trained
          .pipe(
            tap(() => log.push('trained')),
            calibrate(trainable.x),
            quantize,
            tap(() => log.push('quantized')),
            (source) =>
              new Observable<Compression>((subscriber) =>
                source.subscribe({
                  next: (one) => {
                    setTimeout(() => {
                      log.push('waited');
                      subscriber.next(one);
                      subscriber.complete();
                    }, 30);
                  },
                  error: (error: unknown) => {
                    subscriber.error(error);
                  },
                }),
              ),
          )
          .subscribe((one) => log.push(names(one).join(' ')));
        await train(trained);
        log.push('fit is done');
        expect(log).to.deep.equal(['trained', 'quantized', 'waited', 'hidden scores', 'fit is done']);
      });

      it('the pipeline may be built with any number of pipe calls', async () => {
        const log: string[] = [];
        const trained = trainEnd();
        trained
          .pipe(calibrate(trainable.x))
          .pipe(quantize)
          .pipe(map(names))
          .pipe(tap(() => log.push('piped')))
          .subscribe((layers) => log.push(layers.join(' ')));
        await train(trained);
        expect(log).to.deep.equal(['piped', 'hidden scores']);
      });

      it('two pipelines on one callback are both awaited', async () => {
        const log: string[] = [];
        const trained = trainEnd();
        trained.pipe(calibrate(trainable.x), quantize).subscribe((one) => log.push(`first ${names(one).join(' ')}`));
        trained
          .pipe(calibrate(trainable.x), quantize, quantize)
          .subscribe((one) => log.push(`second ${names(one).join(' ')}`));
        await train([
          trained,
          new CustomCallback({
            onEpochEnd: () => {
              log.push('epoch');
            },
          }),
        ]);
        expect(log).to.deep.equal(['epoch', 'epoch', 'first hidden scores', 'second hidden scores']);
      });

      it('a plain subscriber gets the trained model, as training left it', async () => {
        const trained = trainEnd({seed: 3});
        const emissions: Compression[] = [];
        let completed = 0;
        trained.subscribe({next: (one) => emissions.push(one), complete: () => completed++});
        await train(trained);
        const [{original, model, seed, calibration}] = emissions;
        expect([emissions.length, completed, seed, calibration]).to.deep.equal([1, 1, 3, undefined]);
        expect(model).to.equal(original);
        expect(await weightsOf(original)).to.deep.equal(await weightsOf(trainable.network));
      });

      it('compressing leaves the model under training alone', async () => {
        const trained = trainEnd();
        let atTheEnd: number[][] = [];
        trained
          .pipe(
            tap(() => {
              void weightsOf(trainable.network).then((weights) => {
                atTheEnd = weights;
              });
            }),
            calibrate(trainable.x),
            quantize,
          )
          .subscribe(names);
        await train(trained);
        expect(await weightsOf(trainable.network)).to.deep.equal(atTheEnd);
      });

      it('a failing pipeline rejects fit with the error of its stage; no unhandled error escapes', async () => {
        const trained = trainEnd();
        trained.pipe(quantize).subscribe();
        const {error, escaped} = await watched(() => train(trained, 0));
        expect(error)
          .to.be.instanceOf(DataError)
          .with.property('message')
          .that.matches(/^spfqQuantize: expected calibration data, got none/);
        expect(escaped).to.deep.equal([]);
      });

      it('a failing pipeline rejects fit after the others are done', async () => {
        const log: string[] = [];
        const trained = trainEnd();
        trained.pipe(quantize).subscribe({error: () => log.push('failed')});
        trained.pipe(calibrate(trainable.x), quantize).subscribe((one) => log.push(names(one).join(' ')));
        const {error, escaped} = await watched(() => train(trained, 0));
        log.push('fit is done');
        expect(error).to.be.instanceOf(DataError);
        expect(log).to.deep.equal(['failed', 'hidden scores', 'fit is done']);
        expect(escaped).to.deep.equal([]);
      });

      it('a pipeline that catches its error does not reject fit', async () => {
        const caught: unknown[] = [];
        const trained = trainEnd();
        trained
          .pipe(
            quantize,
            catchError((error: unknown) => {
              caught.push(error);
              return EMPTY;
            }),
          )
          .subscribe();
        trained
          .pipe(quantize)
          .pipe(
            catchError((error: unknown) => {
              caught.push(error);
              return EMPTY;
            }),
          )
          .subscribe();
        const {error, escaped} = await watched(() => train(trained, 0));
        expect([error, escaped.length, caught.length]).to.deep.equal([undefined, 0, 2]);
      });

      it('a pipeline that was unsubscribed from is not awaited', async () => {
        const trained = trainEnd();
        let emissions = 0;
        trained
          .pipe(
            tap(() => emissions++),
            (source) => merge(source, NEVER),
          )
          .subscribe()
          .unsubscribe();
        await train(trained);
        expect(emissions).to.equal(0);
      });

      it('without subscribers it does nothing', async () => {
        await train(trainEnd());
      });

      it('is taken by RxJS wherever it takes an Observable: from, merge, firstValueFrom', async () => {
        const trained = trainEnd();
        const log: string[] = [];
        from(trained).subscribe(({seed}) => log.push(`from ${seed}`));
        merge(trained, EMPTY).subscribe(({seed}) => log.push(`merge ${seed}`));
        const first = firstValueFrom(from(trained).pipe(calibrate(trainable.x), quantize));
        await train(trained);
        expect(log).to.deep.equal(['from 0', 'merge 0']);
        expect(names(await first)).to.deep.equal(['hidden', 'scores']);
      });

      it('works when its hooks are called by hand', async () => {
        await leavingAlone(trainable.network, async () => {
          const trained = trainEnd();
          const log: string[] = [];
          trained
            .pipe(calibrate(trainable.x), quantize)
            .subscribe({next: (one) => log.push(names(one).join(' ')), complete: () => log.push('complete')});
          trained.setModel(trainable.network);
          await trained.onTrainEnd();
          expect(log).to.deep.equal(['hidden scores', 'complete']);
        });
      });

      it('refuses a model that cannot be compressed', async () => {
        const trained = trainEnd();
        trained.subscribe();
        const gone = denseNetwork();
        gone.dispose();
        trained.setModel(gone);
        const {error, escaped} = await watched(() => trained.onTrainEnd());
        expect(error)
          .to.be.instanceOf(ModelError)
          .with.property('message')
          .that.matches(/^trainEnd: expected a live model, got /);
        expect(escaped).to.deep.equal([]);
      });
    });
  }
});

/** With what a promise was rejected, and the errors that nobody has handled meanwhile. */
async function watched(run: () => Promise<unknown>): Promise<{error: unknown; escaped: unknown[]}> {
  const escaped: unknown[] = [];
  const note = (error: unknown) => escaped.push(error);
  const others = (['uncaughtException', 'unhandledRejection'] as const).map(
    (event) => [event, process.listeners(event as 'uncaughtException')] as const,
  );
  for (const [event] of others) process.removeAllListeners(event).on(event, note);
  try {
    const error = await run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await later(20);
    return {error, escaped};
  } finally {
    for (const [event, listeners] of others) {
      process.removeListener(event, note);
      listeners.forEach((listener) => process.on(event as 'uncaughtException', listener));
    }
  }
}
