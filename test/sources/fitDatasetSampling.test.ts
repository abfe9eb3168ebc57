import {memory, ones, tensor} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {type Compression, DataError, fitDataset, type FitOptions, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {codesOf} from '../support/layers/quantizedLayers.ts';
import {batchesOfSix, batchOfSix, countedDataset, sortedByClass} from '../support/models/datasets.ts';
import {errorOf, randomize} from '../support/models/smallNetworks.ts';
import {withLeakCheckedNetwork} from '../support/models/trainableNetwork.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fitDataset', () => {
    const checked = withLeakCheckedNetwork();

    describe('of data sorted by class', () => {
      it('samples all classes alike: one row of each of `samples` stretches', async () => {
        const rows = await sampledRows(checked.network, {samples: 30});
        expect(rows).to.have.length(30);
        rows.forEach((row, j) => {
          expect(Math.floor(row / 10), `stretch of row ${row}`).to.equal(j);
        });
        expect([0, 1, 2].map((one) => rows.filter((row) => Math.floor(row / 100) === one).length)).to.deep.equal([
          10, 10, 10,
        ]);
      });

      it('the same seed gives the same rows, another one others', async () => {
        const rows = await sampledRows(checked.network, {samples: 30, seed: 1});
        expect(await sampledRows(checked.network, {samples: 30, seed: 1})).to.deep.equal(rows);
        expect(await sampledRows(checked.network, {samples: 30, seed: 2})).not.to.deep.equal(rows);
      });

      it('takes all rows if there are no more', async () => {
        expect(await sampledRows(checked.network, {samples: 1000})).to.deep.equal(
          Array.from({length: 300}, (_, i) => i),
        );
      });

      it('gives the same codes for the same seed, without calibrate', async () => {
        const codes = async (options: FitOptions) => {
          randomize(checked.network, 1);
          const {layers, dispose} = await lastValueFrom(
            fitDataset(checked.network, batchesOfSix(6, 20), {epochs: 1, verbose: 0}, options).pipe(
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
        fitDataset(checked.network, batchesOfSix(80, 16), {epochs: 1, verbose: 0}, {samples: 640}),
      );
      const held: number[] = [];
      let rows = 0;
      for await (const [batch] of calibration?.read(checked.network) ?? []) {
        held.push(memory().numTensors - checked.tensors);
        rows += batch.shape[0];
        batch.dispose();
      }
      expect(rows).to.equal(640);
      expect(Math.max(...held)).to.be.at.most(4);
    });

    it('puts few rows of many elements together: 320 samples of 320 elements are ten batches of 32', async () => {
      const {calibration} = await lastValueFrom(
        fitDataset(checked.network, batchesOfSix(320, 1), {epochs: 1, verbose: 0}),
      );
      expect(await sizesOf(calibration, checked.network)).to.deep.equal(new Array(10).fill(32));
    });

    it('of an endless data set reads batchesPerEpoch, for training and for each stage', async () => {
      const dataset = countedDataset((index) => batchOfSix(index));
      const {calibration} = await lastValueFrom(
        fitDataset(checked.network, dataset, {epochs: 3, batchesPerEpoch: 4, verbose: 0}),
      );
      expect(dataset.readings).to.deep.equal([12]);
      expect(calibration?.samples).to.equal(32);
      expect(await sizesOf(calibration, checked.network)).to.deep.equal([32]);
      expect(dataset.readings).to.deep.equal([12, 4]);
    });

    it('a stage that meets a data set which gives fewer rows than training had ends with a DataError', async () => {
      const element = {count: 0}; // a source that is used up
      const dataset = countedDataset((index) => (element.count++ < 10 ? batchOfSix(index) : undefined));
      const error = await errorOf(fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize()));
      expect(error)
        .to.be.instanceOf(DataError)
        .with.property('message')
        .that.equals(
          'fitDataset: calibration: expected the data set to give the 80 samples that training has read, ' +
            'got 0 on this reading; pass a data set that starts anew each time, or put calibrate(x) after it',
        );
    });

    it('NaN in the sample ends the stage with a DataError', async () => {
      let elements = 0;
      const dataset = countedDataset((index) =>
        index < 4 ? {xs: tensor(new Array(48).fill(elements++ === 6 ? NaN : 1), [8, 6]), ys: ones([8, 3])} : undefined,
      );
      const error = await errorOf(fitDataset(checked.network, dataset, {epochs: 1, verbose: 0}).pipe(spfqQuantize()));
      expect(error)
        .to.be.instanceOf(DataError)
        .with.property('message')
        .that.matches(/^fitDataset: calibration: .*input .*NaN/);
    });
  });
});

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
