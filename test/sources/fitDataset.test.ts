import {memory, oneHot, ones, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import {generator} from '@tensorflow/tfjs-data';
import {Callback, CustomCallback, type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  type Compression,
  DataError,
  fitDataset,
  type FitOptions,
  OptionError,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {codesOf} from '../support/layers/quantizedLayers.ts';
import {batchesOfSix, batchOfSix, countedDataset, sortedByClass} from '../support/models/datasets.ts';
import {
  denseNetwork,
  errorOf,
  gaussianTensor,
  randomize,
  twoInputs,
  untilTensors,
  weightsOf,
} from '../support/models/smallNetworks.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fitDataset', () => {
    let network: LayersModel;
    let tensors: number;
    beforeEach(() => {
      network = denseNetwork();
      network.compile({optimizer: 'sgd', loss: 'categoricalCrossentropy'});
      tensors = memory().numTensors;
    });
    afterEach(async () => {
      await untilTensors(tensors);
      expect(memory().numTensors, 'tensors').to.equal(tensors);
      network.dispose();
      network.optimizer.dispose();
    });

    it('trains on subscription, as model.fitDataset would, then emits the trained model and completes', async () => {
      const before = await weightsOf(network);
      const stream = fitDataset(network, batchesOfSix(5), {epochs: 3, verbose: 0});
      expect(await weightsOf(network)).to.deep.equal(before);
      const {original, model, layers, calibration} = await lastValueFrom(stream);
      expect([original, model]).to.deep.equal([network, network]);
      expect(layers).to.deep.equal([]);
      expect(calibration?.samples).to.equal(40);
      const trained = await weightsOf(network);
      randomize(network, 1);
      await network.fitDataset(batchesOfSix(5) as never, {epochs: 3, verbose: 0});
      expect(trained).to.deep.equal(await weightsOf(network));
    });

    it('takes a tf.data.Dataset, and tensors or a data set to validate with', async () => {
      const dataset = generator(function* () {
        for (let i = 0; i < 40; i++) yield {xs: gaussianTensor([6], i), ys: tidy(() => oneHot(i % 3, 3))};
      }).batch(8);
      const [x, y] = [gaussianTensor([9, 6], 1), gaussianTensor([9, 3], 2)];
      for (const validationData of [dataset, [x, y] as [Tensor, Tensor]]) {
        const {calibration} = await lastValueFrom(
          fitDataset(network, dataset, {epochs: 2, verbose: 0, validationData}),
        );
        expect(calibration?.samples).to.equal(40);
      }
      [x, y].forEach((one) => {
        one.dispose();
      });
    });

    it('needs no calibrate: the stages calibrate on a sample of the data set, each reads it once', async () => {
      const dataset = batchesOfSix(12);
      const {report, dispose} = await lastValueFrom(
        fitDataset(network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize({bits: 4})),
      );
      expect(report.layers.map(({calibrationRows, heldOutRows}) => calibrationRows + heldOutRows)).to.deep.equal([
        96, 96,
      ]);
      expect(dataset.readings).to.deep.equal([12, 12]);
      dispose();
    });

    it('calibrate replaces the sample', async () => {
      const [other, dataset] = [gaussianTensor([20, 6], 9), batchesOfSix(3)];
      const {report, dispose} = await lastValueFrom(
        fitDataset(network, dataset, {epochs: 1, verbose: 0}).pipe(calibrate(other), spfqQuantize({bits: 4})),
      );
      expect(report.layers[0].calibrationRows + report.layers[0].heldOutRows).to.equal(20);
      expect(dataset.readings).to.deep.equal([3]);
      dispose();
      other.dispose();
    });

    describe('of data sorted by class', () => {
      it('samples all classes alike: one row of each of `samples` stretches', async () => {
        const rows = await sampledRows(network, {samples: 30});
        expect(rows).to.have.length(30);
        rows.forEach((row, j) => {
          expect(Math.floor(row / 10), `stretch of row ${row}`).to.equal(j);
        });
        expect([0, 1, 2].map((one) => rows.filter((row) => Math.floor(row / 100) === one).length)).to.deep.equal([
          10, 10, 10,
        ]);
      });

      it('the same seed gives the same rows, another one others', async () => {
        const rows = await sampledRows(network, {samples: 30, seed: 1});
        expect(await sampledRows(network, {samples: 30, seed: 1})).to.deep.equal(rows);
        expect(await sampledRows(network, {samples: 30, seed: 2})).not.to.deep.equal(rows);
      });

      it('takes all rows if there are no more', async () => {
        expect(await sampledRows(network, {samples: 1000})).to.deep.equal(Array.from({length: 300}, (_, i) => i));
      });

      it('gives the same codes for the same seed, without calibrate', async () => {
        const codes = async (options: FitOptions) => {
          randomize(network, 1);
          const {layers, dispose} = await lastValueFrom(
            fitDataset(network, batchesOfSix(6, 20), {epochs: 1, verbose: 0}, options).pipe(
              spfqQuantize({bits: 4, seed: 5}),
            ),
          );
          dispose();
          return codesOf(layers);
        };
        const first = await codes({samples: 40, seed: 1});
        expect(await codes({samples: 40, seed: 1})).to.deep.equal(first);
        expect(await codes({samples: 40, seed: 2})).not.to.deep.equal(first);
      });
    });

    it('holds one element and one batch at a time while it samples', async () => {
      const {calibration} = await lastValueFrom(
        fitDataset(network, batchesOfSix(80, 16), {epochs: 1, verbose: 0}, {samples: 640}),
      );
      const held: number[] = [];
      let rows = 0;
      for await (const [batch] of calibration?.read(network) ?? []) {
        held.push(memory().numTensors - tensors);
        rows += batch.shape[0];
        batch.dispose();
      }
      expect(rows).to.equal(640);
      expect(Math.max(...held)).to.be.at.most(4);
    });

    it('puts few rows of many elements together: 320 samples of 320 elements are ten batches of 32', async () => {
      const {calibration} = await lastValueFrom(fitDataset(network, batchesOfSix(320, 1), {epochs: 1, verbose: 0}));
      expect(await sizesOf(calibration, network)).to.deep.equal(new Array(10).fill(32));
    });

    it('of an endless data set reads batchesPerEpoch, for training and for each stage', async () => {
      const dataset = countedDataset((index) => batchOfSix(index));
      const {calibration} = await lastValueFrom(
        fitDataset(network, dataset, {epochs: 3, batchesPerEpoch: 4, verbose: 0}),
      );
      expect(dataset.readings).to.deep.equal([12]);
      expect(calibration?.samples).to.equal(32);
      expect(await sizesOf(calibration, network)).to.deep.equal([32]);
      expect(dataset.readings).to.deep.equal([12, 4]);
    });

    it('a stage that meets a data set which gives fewer rows than training had ends with a DataError', async () => {
      const element = {count: 0}; // a source that is used up
      const dataset = countedDataset((index) => (element.count++ < 10 ? batchOfSix(index) : undefined));
      const error = await errorOf(fitDataset(network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize()));
      expect(error)
        .to.be.instanceOf(DataError)
        .with.property('message')
        .that.equals(
          'fitDataset: calibration: expected the data set to give the 80 samples that training has read, got 0 on this reading; ' +
            'pass a data set that starts anew each time, or put calibrate(x) after it',
        );
    });

    it('NaN in the sample ends the stage with a DataError', async () => {
      let elements = 0;
      const dataset = countedDataset((index) =>
        index < 4 ? {xs: tensor(new Array(48).fill(elements++ === 6 ? NaN : 1), [8, 6]), ys: ones([8, 3])} : undefined,
      );
      const error = await errorOf(fitDataset(network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize()));
      expect(error)
        .to.be.instanceOf(DataError)
        .with.property('message')
        .that.matches(/^fitDataset: calibration: .*input .*NaN/);
    });

    it('runs plain objects and instances beside each other', async () => {
      const log: string[] = [];
      class Own extends Callback {
        override async onBatchEnd(): Promise<void> {
          log.push(`instance of ${this.model.inputs.length} input`);
        }
      }
      const plain = {
        onBatchEnd: async (batch: number) => {
          log.push(`plain ${batch}`);
        },
      };
      for (const callbacks of [
        [plain, new Own()],
        [new Own(), plain],
        [new CustomCallback(plain), new Own()],
      ]) {
        log.length = 0;
        await lastValueFrom(fitDataset(network, batchesOfSix(1), {epochs: 1, verbose: 0, callbacks}));
        expect(log.sort()).to.deep.equal(['instance of 1 input', 'plain 0']);
      }
    });

    it('leaves nothing behind, twenty times in a row', async () => {
      const dataset = batchesOfSix(3);
      for (let i = 0; i < 20; i++) {
        const {dispose} = await lastValueFrom(
          fitDataset(network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize({bits: 4, samples: 1, scale: 'mse'})),
        );
        dispose();
        expect(memory().numTensors).to.equal(tensors);
      }
    });

    it('refuses unknown options and what is no data set at once', () => {
      expect(() => fitDataset(network, batchesOfSix(1), {epochs: 1}, {sample: 3} as never)).to.throw(
        OptionError,
        'fitDataset: expected `sample` to be absent (`samples` is meant?)',
      );
      for (const wrong of [[], undefined, batchesOfSix]) {
        expect(() => fitDataset(network, wrong as never, {epochs: 1})).to.throw(
          DataError,
          'fitDataset: expected a tf.data.Dataset, or something with its iterator(), got ',
        );
      }
    });
  });

  describe('fitDataset with several inputs', () => {
    for (const form of ['an array', 'names']) {
      it(`takes them as ${form}`, async () => {
        const network = twoInputs();
        network.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
        const dataset = countedDataset((index) => {
          if (index === 5) return undefined;
          const [left, right] = [gaussianTensor([8, 4], index), gaussianTensor([8, 5], 50 + index)];
          return {xs: form === 'names' ? {right, left} : [left, right], ys: gaussianTensor([8, 2], 90 + index)};
        });
        const {calibration, ...compression} = await lastValueFrom(
          fitDataset(network, dataset, {epochs: 2, verbose: 0}, {samples: 20}),
        );
        for await (const [left, right] of calibration?.read(network) ?? []) {
          expect([left.shape, right.shape]).to.deep.equal([
            [20, 4],
            [20, 5],
          ]);
          // Rows of both inputs belong together: elements differ in both.
          const all = await Promise.all(
            Array.from({length: 5}, async (_, i) => [
              await firstsOf(gaussianTensor([8, 4], i)),
              await firstsOf(gaussianTensor([8, 5], 50 + i)),
            ]),
          );
          const [lefts, rights] = [0, 1].map((side) => all.flatMap((one) => one[side]));
          const [inLeft, inRight] = [await firstsOf(left), await firstsOf(right)];
          expect(inLeft.map((value) => lefts.indexOf(value))).to.deep.equal(
            inRight.map((value) => rights.indexOf(value)),
          );
        }
        compression.dispose();
        network.dispose();
        network.optimizer.dispose();
      });
    }
  });
});

/** The first feature of every row; frees the tensor. */
async function firstsOf(rows: Tensor): Promise<number[]> {
  const values = Array.from(await rows.data());
  const width = rows.size / rows.shape[0];
  rows.dispose();
  return values.filter((_, i) => i % width === 0);
}

async function sizesOf(calibration: Compression['calibration'], network: LayersModel): Promise<number[]> {
  const sizes: number[] = [];
  for await (const [batch] of calibration?.read(network) ?? []) {
    sizes.push(batch.shape[0]);
    batch.dispose();
  }
  return sizes;
}

/** The numbers of the rows that make the sample of {@link sortedByClass}. */
async function sampledRows(network: LayersModel, options: FitOptions): Promise<number[]> {
  const {calibration} = await lastValueFrom(fitDataset(network, sortedByClass(), {epochs: 1, verbose: 0}, options));
  const rows: number[] = [];
  for await (const [batch] of calibration?.read(network) ?? []) {
    const values = await batch.data();
    for (let i = 1; i < values.length; i += 6) rows.push(values[i]);
    batch.dispose();
  }
  return rows;
}
