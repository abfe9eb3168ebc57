import {memory, oneHot, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {generator} from '@tensorflow/tfjs-data';
import {Callback, CustomCallback} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, DataError, fitDataset, OptionError, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {batchesOfSix, countedDataset} from '../support/models/datasets.ts';
import {gaussianTensor, randomize, twoInputs, weightsOf} from '../support/models/smallNetworks.ts';
import {withLeakCheckedNetwork} from '../support/models/trainableNetwork.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fitDataset', () => {
    const checked = withLeakCheckedNetwork();

    it('trains on subscription, as model.fitDataset would, then emits the trained model and completes', async () => {
      const before = await weightsOf(checked.network);
      const stream = fitDataset(checked.network, batchesOfSix(5), {epochs: 3, verbose: 0});
      expect(await weightsOf(checked.network)).to.deep.equal(before);
      const {original, model, layers, calibration} = await lastValueFrom(stream);
      expect([original, model]).to.deep.equal([checked.network, checked.network]);
      expect(layers).to.deep.equal([]);
      expect(calibration?.samples).to.equal(40);
      const trained = await weightsOf(checked.network);
      randomize(checked.network, 1);
      await checked.network.fitDataset(batchesOfSix(5) as never, {epochs: 3, verbose: 0});
      expect(trained).to.deep.equal(await weightsOf(checked.network));
    });

    it('takes a tf.data.Dataset, and tensors or a data set to validate with', async () => {
      const dataset = generator(function* () {
        for (let i = 0; i < 40; i++) yield {xs: gaussianTensor([6], i), ys: tidy(() => oneHot(i % 3, 3))};
      }).batch(8);
      const [x, y] = [gaussianTensor([9, 6], 1), gaussianTensor([9, 3], 2)];
      for (const validationData of [dataset, [x, y] as [Tensor, Tensor]]) {
        const {calibration} = await lastValueFrom(
          fitDataset(checked.network, dataset, {epochs: 2, verbose: 0, validationData}),
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
        fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize({bits: 4})),
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
        fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}).pipe(calibrate(other), spfqQuantize({bits: 4})),
      );
      expect(report.layers[0].calibrationRows + report.layers[0].heldOutRows).to.equal(20);
      expect(dataset.readings).to.deep.equal([3]);
      dispose();
      other.dispose();
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
        await lastValueFrom(fitDataset(checked.network, batchesOfSix(1), {epochs: 1, verbose: 0, callbacks}));
        expect(log.sort()).to.deep.equal(['instance of 1 input', 'plain 0']);
      }
    });

    it('leaves nothing behind, twenty times in a row', async () => {
      const dataset = batchesOfSix(3);
      for (let i = 0; i < 20; i++) {
        const {dispose} = await lastValueFrom(
          fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}).pipe(
            spfqQuantize({bits: 4, samples: 1, scale: 'mse'}),
          ),
        );
        dispose();
        expect(memory().numTensors).to.equal(checked.tensors);
      }
    });

    it('refuses unknown options and what is no data set at once', () => {
      expect(() => fitDataset(checked.network, batchesOfSix(1), {epochs: 1}, {sample: 3} as never)).to.throw(
        OptionError,
        'fitDataset: expected `sample` to be absent (`samples` is meant?)',
      );
      for (const wrong of [[], undefined, batchesOfSix]) {
        expect(() => fitDataset(checked.network, wrong as never, {epochs: 1})).to.throw(
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
