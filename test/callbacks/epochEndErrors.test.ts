import {dispose, memory, type Scalar, type Tensor} from '@tensorflow/tfjs-core';
import {Callback, CustomCallback} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {catchError, EMPTY, retry, tap} from 'rxjs';
import {
  calibrate,
  type Compression,
  DataError,
  epochEnd,
  ModelError,
  OptionError,
  progress,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, untilTensors} from '../support/models/smallNetworks.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';

const quantize = spfqQuantize({bits: 4, scale: 'mse', samples: 1, sweeps: 0});

class EpochLogs extends Callback {
  readonly all: Tensor[] = [];

  override async onEpochEnd(_epoch: number, logs: Record<string, number | Scalar> = {}): Promise<void> {
    this.all.push(...Object.values(logs).filter((one) => typeof one !== 'number'));
  }
}

onBackends(['cpu', 'wasm'], () => {
  describe('epochEnd', () => {
    const trainable = withTrainableNetwork({compile: {optimizer: 'adam', metrics: ['mae']}});

    const train = (callbacks: object | readonly object[], epochs = 3) =>
      trainable.train(callbacks, {epochs, batchSize: 16, shuffle: false, validationSplit: 0.25});

    /** The error of a training. tfjs leaves the logs of its epochs behind. */
    async function errorOfTraining(callbacks: readonly object[]): Promise<unknown> {
      trainable.network.optimizer.dispose();
      trainable.network.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
      const logs = new EpochLogs();
      const error: unknown = await train([logs, ...callbacks]).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      dispose(logs.all);
      return error;
    }

    it('a failing pipeline rejects the hook with the error of its stage; nothing is left of the copy', async () => {
      const before = memory().numTensors;
      const epochs = epochEnd();
      epochs.pipe(quantize).subscribe();
      epochs.setModel(trainable.network);
      const error: unknown = await epochs.onEpochEnd(0).catch((reason: unknown) => reason);
      expect(error)
        .to.be.instanceOf(DataError)
        .with.property('message')
        .that.matches(/^spfqQuantize: expected calibration data, got none/);
      await untilTensors(before);
      expect(memory().numTensors).to.equal(before);
    });

    it('fit rejects with the error of a stage after the epoch of it', async () => {
      const epochs = epochEnd({from: 2});
      let begun = 0;
      epochs.pipe(quantize).subscribe();
      const error = await errorOfTraining([
        epochs,
        new CustomCallback({
          onEpochBegin: () => {
            begun++;
          },
        }),
      ]);
      expect([begun, error instanceof DataError]).to.deep.equal([2, true]);
    });

    it('a rejected promise of the subscriber rejects fit, and so does an error that it throws', async () => {
      for (const next of [
        ({dispose}: Compression): unknown => {
          dispose();
          return Promise.reject(new Error('disk full'));
        },
        ({dispose}: Compression): unknown => {
          dispose();
          throw new Error('disk full');
        },
      ]) {
        const epochs = epochEnd();
        epochs.subscribe(next);
        expect(await errorOfTraining([epochs]))
          .to.be.instanceOf(Error)
          .with.property('message', 'disk full');
      }
    });

    it("onError 'report': training goes on, the error is in failures and goes to the handler", async () => {
      const epochs = epochEnd({onError: 'report'});
      const handled: unknown[] = [];
      epochs.pipe(quantize).subscribe({error: (error: unknown) => handled.push(error)});
      epochs.subscribe(({epoch, dispose}) => {
        dispose();
        if (epoch === 2) throw new Error('second');
      });
      const {epoch} = await train(epochs);
      expect(epoch).to.deep.equal([0, 1, 2]);
      expect(handled).to.have.length(1);
      expect(epochs.failures.map(String)).to.deep.equal([String(handled[0]), 'Error: second']);
      expect(handled[0]).to.be.instanceOf(DataError);
    });

    it('retry takes up the epochs after a failure; catchError ends in peace', async () => {
      const epochs = epochEnd();
      const seen: unknown[] = [];
      epochs
        .pipe(
          tap(({epoch, dispose}) => {
            dispose();
            if (epoch === 1) throw new Error('first');
          }),
          retry(),
        )
        .subscribe(({epoch}) => {
          seen.push(epoch);
        });
      epochs
        .pipe(
          quantize,
          catchError(() => {
            seen.push('caught');
            return EMPTY;
          }),
        )
        .subscribe();
      await train(epochs);
      expect(seen).to.have.members(['caught', 2, 3]);
    });

    it('unsubscribing midway ends the compression, not the training', async () => {
      const before = memory().numTensors;
      const epochs = epochEnd();
      epochs.setModel(trainable.network);
      const running = epochs
        .pipe(
          calibrate(trainable.x),
          progress(() => {
            running.unsubscribe();
          }),
          quantize,
        )
        .subscribe(() => {
          expect.fail('expected no result');
        });
      await epochs.onEpochEnd(0);
      expect(running.closed).to.equal(true);
      await untilTensors(before);
      expect(memory().numTensors).to.equal(before);
      await epochs.onEpochEnd(1); // nobody listens: no copy
      expect(memory().numTensors).to.equal(before);
    });

    it('its hooks work when they are taken out of it, and miss the model that nobody told it of', async () => {
      const {subscribe, onEpochEnd} = epochEnd();
      subscribe();
      expect(await onEpochEnd(0).catch((reason: unknown) => reason))
        .to.be.instanceOf(ModelError)
        .with.property('message')
        .that.matches(/every callback is an instance/);
    });

    it('refuses options at once, and a model that cannot be compressed when it comes', async () => {
      expect(() => epochEnd({every: 0})).to.throw(
        OptionError,
        'epochEnd: expected `every` to be an integer from 1 up, got 0',
      );
      expect(() => epochEnd({onError: 'ignore'} as never)).to.throw(
        OptionError,
        "epochEnd: expected `onError` to be one of 'throw', 'report', got 'ignore'",
      );
      expect(() => epochEnd({evry: 2} as never)).to.throw(OptionError, '`every` is meant?');
      const epochs = epochEnd();
      epochs.subscribe();
      const gone = denseNetwork();
      gone.dispose();
      epochs.setModel(gone);
      expect(await epochs.onEpochEnd(0).catch((reason: unknown) => reason)).to.be.instanceOf(ModelError);
    });
  });
});
