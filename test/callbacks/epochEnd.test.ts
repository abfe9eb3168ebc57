import {data as tfData} from '@tensorflow/tfjs';
import {dispose, memory, type Scalar, type Tensor} from '@tensorflow/tfjs-core';
import {Callback, CustomCallback, type History, type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {catchError, EMPTY, map, retry, tap} from 'rxjs';
import {
  calibrate,
  type Compression,
  correct,
  DataError,
  epochEnd,
  evaluate,
  ModelError,
  OptionError,
  pack,
  progress,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, gaussianTensor, predictionsOf, untilTensors, weightsOf} from '../support/models/smallNetworks.ts';

const quantize = spfqQuantize({bits: 4, scale: 'mse', samples: 1, sweeps: 0});
const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

class EpochLogs extends Callback {
  readonly all: Tensor[] = [];

  override async onEpochEnd(_epoch: number, logs: Record<string, number | Scalar> = {}): Promise<void> {
    this.all.push(...Object.values(logs).filter((one) => typeof one !== 'number'));
  }
}

onBackends(['cpu', 'wasm'], () => {
  describe('epochEnd', () => {
    let network: LayersModel;
    let x: Tensor;
    let y: Tensor;
    beforeEach(() => {
      network = denseNetwork();
      network.compile({optimizer: 'adam', loss: 'meanSquaredError', metrics: ['mae']});
      x = gaussianTensor([64, 6], 1);
      y = gaussianTensor([64, 3], 2);
    });
    afterEach(() => {
      network.dispose();
      network.optimizer.dispose();
      [x, y].forEach((one) => {
        one.dispose();
      });
    });

    const train = (callbacks: object | readonly object[], epochs = 3) =>
      network.fit(x, y, {
        epochs,
        batchSize: 16,
        shuffle: false,
        validationSplit: 0.25,
        verbose: 0,
        callbacks: callbacks as never,
      });

    /** The error of a training. tfjs leaves the logs of its epochs behind. */
    async function errorOfTraining(callbacks: readonly object[]): Promise<unknown> {
      network.optimizer.dispose();
      network.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
      const logs = new EpochLogs();
      const error: unknown = await train([logs, ...callbacks]).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      dispose(logs.all);
      return error;
    }

    it('leaves weights, optimizer and history of the training as they are without it', async () => {
      const states: {weights: number[][]; optimizer: number[][]; history: History['history']}[] = [];
      for (const isCompressed of [false, true]) {
        network.dispose();
        network.optimizer.dispose();
        network = denseNetwork();
        network.compile({optimizer: 'adam', loss: 'meanSquaredError', metrics: ['mae']});
        const epochs = epochEnd();
        let emissions = 0;
        epochs
          .pipe(
            calibrate(x),
            spfqPrune({sparsity: 0.5, include: ['hidden', 'scores']}),
            quantize,
            correct(),
            evaluate({xs: x, ys: y}),
            pack(),
          )
          .subscribe(({dispose}) => {
            emissions++;
            dispose();
          });
        const {history} = await train(isCompressed ? [epochs] : []);
        const optimizer = await network.optimizer.getWeights();
        states.push({
          weights: await weightsOf(network),
          optimizer: await Promise.all(optimizer.map(async ({tensor}) => Array.from(await tensor.data()))),
          history,
        });
        optimizer[0].tensor.dispose(); // the number of steps, made for the asking
        expect(emissions).to.equal(isCompressed ? 3 : 0);
      }
      expect(states[0].optimizer.length).to.be.greaterThan(4);
      expect(states[1]).to.deep.equal(states[0]);
    });

    it('each emission holds the weights at the end of its epoch, and keeps them while training goes on', async () => {
      const atEpochs: number[][][] = [];
      const emissions: Compression[] = [];
      const epochs = epochEnd();
      epochs.subscribe((one) => {
        emissions.push(one);
      });
      await train([
        new CustomCallback({
          onEpochEnd: async () => {
            atEpochs.push(await weightsOf(network));
          },
        }),
        epochs,
      ]);
      expect(emissions.map(({epoch}) => epoch)).to.deep.equal([1, 2, 3]);
      expect(await Promise.all(emissions.map(({original}) => weightsOf(original)))).to.deep.equal(atEpochs);
      expect(atEpochs[0]).to.not.deep.equal(atEpochs[2]);
      emissions.forEach(({dispose}) => {
        dispose();
      });
    });

    for (const [options, expected] of [
      [{}, [1, 2, 3, 4, 5, 6, 7]],
      [{every: 3}, [1, 4, 7]],
      [{every: 2, from: 4}, [4, 6]],
      [{from: 7}, [7]],
      [{from: 8}, []],
    ] as const) {
      it(`${JSON.stringify(options)} of 7 epochs: emits at ${expected.join(', ')}`, async () => {
        const seen: unknown[] = [];
        const epochs = epochEnd({...options, seed: 5});
        epochs.subscribe({
          next: ({epoch, seed, dispose}) => {
            seen.push([epoch, seed]);
            dispose();
          },
          complete: () => seen.push('complete'),
        });
        await train(epochs, 7);
        expect(seen).to.deep.equal([...expected.map((epoch) => [epoch, 5]), 'complete']);
      });
    }

    it('hooks called by hand give the marbles -a-b-(c|): each epoch, then the end with the last', async () => {
      const epochs = epochEnd();
      let marbles = '';
      epochs
        .pipe(
          map(({epoch, dispose}) => {
            dispose();
            return ' abc'[epoch ?? 0];
          }),
        )
        .subscribe({
          next: (letter) => {
            marbles += letter;
          },
          complete: () => {
            marbles += '|';
          },
        });
      epochs.setModel(network);
      for (const epoch of [0, 1, 2]) {
        marbles += '-';
        if (epoch === 2) marbles += '(';
        await epochs.onEpochEnd(epoch);
      }
      await epochs.onTrainEnd();
      expect(`${marbles})`).to.equal('-a-b-(c|)');
    });

    it('fit waits for stages and for promises of the subscriber before the next epoch', async () => {
      const log: string[] = [];
      const epochs = epochEnd();
      epochs
        .pipe(
          calibrate(x),
          quantize,
          tap(() => log.push('quantized')),
        )
        .subscribe(({epoch, dispose}): unknown =>
          later(20).then(() => {
            log.push(`seen ${String(epoch)}`);
            dispose();
          }),
        );
      await train(
        [
          new CustomCallback({
            onEpochBegin: (epoch) => {
              log.push(`epoch ${String(epoch + 1)}`);
            },
          }),
          epochs,
        ],
        2,
      );
      expect(log).to.deep.equal(['epoch 1', 'quantized', 'seen 1', 'epoch 2', 'quantized', 'seen 2']);
    });

    it('works in fitDataset, beside other callbacks', async () => {
      const seen: number[] = [];
      const dataset = tfData
        .zip({xs: tfData.array((await x.array()) as never[]), ys: tfData.array((await y.array()) as never[])})
        .batch(16);
      const epochs = epochEnd({every: 2});
      epochs.pipe(calibrate(x), quantize).subscribe(({epoch, report: {layers}, dispose}) => {
        seen.push(epoch ?? 0, layers.length);
        dispose();
      });
      let others = 0;
      await network.fitDataset(dataset, {
        epochs: 3,
        verbose: 0,
        callbacks: [
          epochs,
          new CustomCallback({
            onEpochEnd: () => {
              others++;
            },
          }),
        ],
      });
      expect([seen, others]).to.deep.equal([[1, 2, 3, 2], 3]);
    });

    it('200 epochs hold as many tensors, at every epoch, as the same training without it', async () => {
      const [alone, compressed] = [[], []] as readonly [number[][], number[][]];
      for (const counts of [alone, compressed]) {
        const epochs = epochEnd();
        if (counts === compressed)
          epochs.pipe(calibrate(x), quantize, correct()).subscribe(({dispose}) => {
            dispose();
          });
        const before = [memory().numTensors, memory().numBytes];
        const count = new CustomCallback({
          onEpochBegin: () => {
            counts.push([memory().numTensors - before[0], memory().numBytes - before[1]]);
          },
        });
        await network.fit(x, y, {epochs: 200, batchSize: 64, shuffle: false, verbose: 0, callbacks: [epochs, count]});
      }
      expect(compressed.slice(1)).to.have.length(199);
      // The optimizer's moments are there from the second training's beginning. tfjs keeps the losses of all epochs until the end.
      const moments = alone[1].map((held, i) => held - compressed[1][i]);
      expect(compressed.slice(1).map((counts) => counts.map((held, i) => held + moments[i]))).to.deep.equal(
        alone.slice(1),
      );
    });

    it('each of two pipelines owns its own compression of one copy', async () => {
      const before = memory().numTensors;
      const epochs = epochEnd();
      const errors: number[] = [];
      const kept: Compression[] = [];
      epochs.pipe(calibrate(x), quantize).subscribe(({dispose, report}) => {
        errors.push(report.layers[0].relativeError);
        dispose();
      });
      epochs.pipe(calibrate(x), quantize).subscribe((one) => {
        kept.push(one);
      });
      epochs.setModel(network);
      await epochs.onEpochEnd(0);
      const [{original, model, report, dispose}] = kept;
      expect(report.layers[0].relativeError).to.equal(errors[0]);
      expect(await predictionsOf(original, x)).to.deep.equal(await predictionsOf(network, x));
      expect(await predictionsOf(model, x)).to.not.deep.equal(await predictionsOf(network, x));
      dispose();
      dispose();
      expect(memory().numTensors).to.equal(before);
    });

    it('a failing pipeline rejects the hook with the error of its stage; nothing is left of the copy', async () => {
      const before = memory().numTensors;
      const epochs = epochEnd();
      epochs.pipe(quantize).subscribe();
      epochs.setModel(network);
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

    it("onError 'report' contains the error: training goes on, the error is in failures and in the handler", async () => {
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
      epochs.setModel(network);
      const running = epochs
        .pipe(
          calibrate(x),
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
