import {memory, ones, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import {Callback, type LayersModel, type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, map, type Subscription} from 'rxjs';
import {calibrate, type Compression, fit, type FitOptions, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {codesOf as codesOfLayers} from '../support/layers/quantizedLayers.ts';
import {
  denseNetwork,
  errorOf,
  gaussianTensor,
  predictionsOf,
  randomize,
  twoInputs,
  weightsOf,
} from '../support/models/smallNetworks.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fit', () => {
    let network: LayersModel;
    let x: Tensor;
    let y: Tensor;
    beforeEach(async () => {
      network = denseNetwork();
      network.compile({optimizer: 'sgd', loss: 'categoricalCrossentropy'});
      x = gaussianTensor([96, 6], 1);
      y = await separable(x);
    });
    afterEach(() => {
      network.dispose();
      network.optimizer.dispose();
      [x, y].forEach((one) => {
        one.dispose();
      });
    });

    const codesOf = ({layers, dispose}: Compression): number[][] => {
      dispose();
      return codesOfLayers(layers);
    };

    it('trains on subscription, then emits the trained model and completes', async () => {
      const before = await weightsOf(network);
      const stream = fit(network, x, y, {epochs: 30, verbose: 0});
      expect(await weightsOf(network)).to.deep.equal(before);
      const lossBefore = await lossOf(network, x, y);
      const {original, model, layers, calibration} = await lastValueFrom(stream);
      expect(original).to.equal(network);
      expect(model).to.equal(network);
      expect(layers).to.deep.equal([]);
      expect(calibration?.samples).to.equal(96);
      expect(await lossOf(network, x, y)).to.be.lessThan(0.8 * lossBefore);
    });

    it('needs no calibrate: the stages calibrate on a sample of x', async () => {
      const {model, report, dispose} = await lastValueFrom(
        fit(network, x, y, {epochs: 2, verbose: 0}).pipe(spfqQuantize({bits: 4})),
      );
      expect(model).not.to.equal(network);
      expect(report.layers.map(({calibrationRows, heldOutRows}) => calibrationRows + heldOutRows)).to.deep.equal([
        96, 96,
      ]);
      dispose();
    });

    it('samples x by the seed: the same seed gives the same codes for the same weights, another one others', async () => {
      const codes = async (options: FitOptions) => {
        randomize(network, 1);
        return codesOf(
          await lastValueFrom(
            fit(network, x, y, {epochs: 0, verbose: 0}, options).pipe(spfqQuantize({bits: 4, seed: 5})),
          ),
        );
      };
      const first = await codes({samples: 40, seed: 1});
      expect(await codes({samples: 40, seed: 1})).to.deep.equal(first);
      expect(await codes({samples: 40, seed: 2})).not.to.deep.equal(first);
    });

    it('samples at random, not the first: `samples` of x are read, from all over it', async () => {
      const {calibration} = await lastValueFrom(fit(network, x, y, {epochs: 0, verbose: 0}, {samples: 24}));
      const rows: number[] = [];
      for await (const [batch] of calibration?.read(network) ?? []) {
        const values = await batch.data();
        for (let i = 0; i < values.length; i += 6) rows.push(values[i]);
        batch.dispose();
      }
      const all = Array.from(await x.data()).filter((_, i) => i % 6 === 0);
      const places = rows.map((value) => all.indexOf(value));
      expect(places).to.have.length(24);
      expect(places).to.deep.equal([...new Set(places)].sort((a, b) => a - b));
      expect(Math.max(...places)).to.be.greaterThan(60);
    });

    it('calibrate replaces the sample', async () => {
      const other = gaussianTensor([20, 6], 9);
      const {report, dispose} = await lastValueFrom(
        fit(network, x, y, {epochs: 0, verbose: 0}).pipe(calibrate(other), spfqQuantize({bits: 4})),
      );
      expect(report.layers[0].calibrationRows + report.layers[0].heldOutRows).to.equal(20);
      dispose();
      other.dispose();
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
        subscription.current = fit(network, x, y, {
          epochs: 50,
          batchSize: 8,
          verbose: 0,
          ...(callbacks ? {callbacks} : {}),
        }).subscribe(() => {
          emissions++;
        });
        if (asked === 0) subscription.current.unsubscribe();
        await whenIdle(network);
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
          fit(network, x, y, {
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

    it('runs the callbacks of the caller, plain objects, instances or one of each kind', async () => {
      for (const callbacksOf of [
        (count: () => void) => ({
          onEpochEnd: async () => {
            count();
          },
        }),
        (count: () => void) => [new Counter(count)],
        (count: () => void) => new Counter(count),
      ]) {
        let calls = 0;
        await lastValueFrom(
          fit(network, x, y, {
            epochs: 1,
            batchSize: 96,
            verbose: 0,
            callbacks: callbacksOf(() => {
              calls++;
            }) as never,
          }),
        );
        expect(calls).to.equal(1);
      }
    });

    it('an error of model.fit goes down the stream: not compiled', async () => {
      const raw = denseNetwork();
      expect((await errorOf(fit(raw, x, y))).message).to.match(/compile/);
      expect(await predictionsOf(raw, x)).to.have.length(96 * 3);
      raw.dispose();
    });

    it('an error of model.fit goes down the stream: targets that do not fit', async () => {
      const wrong = ones([96, 2]);
      expect((await errorOf(fit(network, x, wrong, {verbose: 0}).pipe(spfqQuantize()))).message).to.match(/shape/);
      wrong.dispose();
    });

    it('an error of a callback goes down the stream', async () => {
      const own = new Error('own');
      expect(
        await errorOf(
          fit(network, x, y, {
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

  describe('fit with several inputs', () => {
    for (const form of ['an array', 'names']) {
      it(`takes them as ${form}`, async () => {
        const network = twoInputs();
        network.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
        const [left, right, y] = [gaussianTensor([40, 4], 1), gaussianTensor([40, 5], 2), gaussianTensor([40, 2], 3)];
        const x = form === 'names' ? {left, right} : [left, right];
        const rows = await lastValueFrom(
          fit(network, x, y, {epochs: 1, verbose: 0}).pipe(
            spfqQuantize({bits: 4}),
            map(({report, dispose}) => {
              dispose();
              return report.layers.map(({name, calibrationRows, heldOutRows}) => [name, calibrationRows + heldOutRows]);
            }),
          ),
        );
        expect(rows).to.deep.equal([
          ['fromLeft', 40],
          ['fromRight', 40],
          ['out', 40],
        ]);
        [left, right, y].forEach((one) => {
          one.dispose();
        });
        network.dispose();
        network.optimizer.dispose();
      });
    }
  });
});

class Counter extends Callback {
  constructor(private readonly count: () => void) {
    super();
  }

  override async onBatchEnd(): Promise<void> {
    this.count();
  }
}

/** One-hot targets that a linear rule could give: which of the first three features is the largest. */
async function separable(x: Tensor): Promise<Tensor> {
  const values = await x.data();
  const [samples, features] = x.shape;
  const targets = new Float32Array(3 * samples);
  for (let i = 0; i < samples; i++) {
    const scores = [0, 1, 2].map((k) => values[i * features + k]);
    targets[3 * i + scores.indexOf(Math.max(...scores))] = 1;
  }
  return tensor(targets, [samples, 3]);
}

async function lossOf(network: LayersModel, x: Tensor, y: Tensor): Promise<number> {
  const loss = tidy(() => network.evaluate(x, y)) as Tensor;
  const [value] = await loss.data();
  loss.dispose();
  return value;
}

async function whenIdle(network: LayersModel): Promise<void> {
  const inner = network as unknown as {isTraining: boolean; model?: {isTraining: boolean}};
  for (let i = 0; i < 400; i++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    if (!inner.isTraining && !inner.model?.isTraining) return;
  }
}
