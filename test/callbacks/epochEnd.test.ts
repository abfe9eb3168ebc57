import {setTimeout as later} from 'node:timers/promises';
import {data as tfData} from '@tensorflow/tfjs';
import {memory} from '@tensorflow/tfjs-core';
import {CustomCallback, type History} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {map, tap} from 'rxjs';
import {calibrate, type Compression, correct, epochEnd, evaluate, pack, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, predictionsOf, weightsOf} from '../support/models/smallNetworks.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';

const quantize = spfqQuantize({bits: 4, scale: 'mse', samples: 1, sweeps: 0});

onBackends(['cpu', 'wasm'], () => {
  describe('epochEnd', () => {
    const trainable = withTrainableNetwork({compile: {optimizer: 'adam', metrics: ['mae']}});

    const train = (callbacks: object | readonly object[], epochs = 3) =>
      trainable.train(callbacks, {epochs, batchSize: 16, shuffle: false, validationSplit: 0.25});

    it('leaves weights, optimizer and history of the training as they are without it', async () => {
      const states: {weights: number[][]; optimizer: number[][]; history: History['history']}[] = [];
      for (const isCompressed of [false, true]) {
        trainable.network.dispose();
        trainable.network.optimizer.dispose();
        trainable.network = denseNetwork();
        trainable.network.compile({optimizer: 'adam', loss: 'meanSquaredError', metrics: ['mae']});
        const epochs = epochEnd();
        let emissions = 0;
        epochs
          .pipe(
            calibrate(trainable.x),
            spfqPrune({sparsity: 0.5, include: ['hidden', 'scores']}),
            quantize,
            correct(),
            evaluate({xs: trainable.x, ys: trainable.y}),
            pack(),
          )
          .subscribe(({dispose}) => {
            emissions++;
            dispose();
          });
        const {history} = await train(isCompressed ? [epochs] : []);
        const optimizer = await trainable.network.optimizer.getWeights();
        states.push({
          weights: await weightsOf(trainable.network),
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
            atEpochs.push(await weightsOf(trainable.network));
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
      epochs.setModel(trainable.network);
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
          calibrate(trainable.x),
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
        .zip({
          xs: tfData.array((await trainable.x.array()) as never[]),
          ys: tfData.array((await trainable.y.array()) as never[]),
        })
        .batch(16);
      const epochs = epochEnd({every: 2});
      epochs.pipe(calibrate(trainable.x), quantize).subscribe(({epoch, report: {layers}, dispose}) => {
        seen.push(epoch ?? 0, layers.length);
        dispose();
      });
      let others = 0;
      await trainable.network.fitDataset(dataset, {
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
          epochs.pipe(calibrate(trainable.x), quantize, correct()).subscribe(({dispose}) => {
            dispose();
          });
        const before = [memory().numTensors, memory().numBytes];
        const count = new CustomCallback({
          onEpochBegin: () => {
            counts.push([memory().numTensors - before[0], memory().numBytes - before[1]]);
          },
        });
        await trainable.network.fit(trainable.x, trainable.y, {
          epochs: 200,
          batchSize: 64,
          shuffle: false,
          verbose: 0,
          callbacks: [epochs, count],
        });
      }
      expect(compressed.slice(1)).to.have.length(199);
      // The optimizer's moments are there from the second training's beginning. tfjs keeps the losses of all epochs
      // until the end.
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
      epochs.pipe(calibrate(trainable.x), quantize).subscribe(({dispose, report}) => {
        errors.push(report.layers[0].relativeError);
        dispose();
      });
      epochs.pipe(calibrate(trainable.x), quantize).subscribe((one) => {
        kept.push(one);
      });
      epochs.setModel(trainable.network);
      await epochs.onEpochEnd(0);
      const [{original, model, report, dispose}] = kept;
      expect(report.layers[0].relativeError).to.equal(errors[0]);
      expect(await predictionsOf(original, trainable.x)).to.deep.equal(
        await predictionsOf(trainable.network, trainable.x),
      );
      expect(await predictionsOf(model, trainable.x)).to.not.deep.equal(
        await predictionsOf(trainable.network, trainable.x),
      );
      dispose();
      dispose();
      expect(memory().numTensors).to.equal(before);
    });
  });
});
