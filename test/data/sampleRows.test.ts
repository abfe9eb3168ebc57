import {memory, ones, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {sampleBatches, spreadRows} from '../../src/data/sampleRows.ts';
import {onBackends} from '../support/backends/onBackends.ts';

describe('spreadRows', () => {
  it('takes one row of each of so many equal stretches, each once, in order', () => {
    for (const [rows, samples] of [
      [1000, 10],
      [1000, 7],
      [97, 96],
      [100, 67],
      [13, 12],
      [5, 3],
    ]) {
      for (let seed = 0; seed < 20; seed++) {
        const chosen = Array.from(spreadRows(rows, samples, seed));
        expect(chosen).to.have.length(samples);
        expect(chosen).to.deep.equal([...new Set(chosen)].sort((a, b) => a - b));
        chosen.forEach((row, j) => {
          expect(row).to.be.within(Math.floor((j * rows) / samples), Math.ceil(((j + 1) * rows) / samples) - 1);
        });
      }
    }
  });

  it('takes every row where there are no more', () => {
    expect(Array.from(spreadRows(4, 4, 3))).to.deep.equal([0, 1, 2, 3]);
    expect(Array.from(spreadRows(3, 9, 3))).to.deep.equal([0, 1, 2]);
  });

  it('every row of a stretch is as likely as another: 2,000 seeds give each of ten rows 200 times, within 5 σ', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) counts[spreadRows(30, 3, seed)[1] - 10]++;
    const sigma = Math.sqrt(2000 * 0.1 * 0.9);
    counts.forEach((count) => {
      expect(count).to.be.within(200 - 5 * sigma, 200 + 5 * sigma);
    });
  });

  it('of data whose classes take turns it takes all of them', () => {
    const classes = Array.from(spreadRows(1000, 100, 1), (row) => row % 10);
    expect(new Set(classes).size).to.equal(10);
  });
});

onBackends(['wasm'], () => {
  describe('sampleBatches', () => {
    let model: LayersModel;
    beforeEach(() => {
      model = sequential({layers: [layers.conv1d({filters: 2, kernelSize: 2, inputShape: [null, 1]})]});
    });
    afterEach(() => {
      model.dispose();
    });
    const reading = {rows: 12, elements: Infinity, samples: 12, batchSize: 4, seed: 1};

    it('rows of one length become a batch together: sequences may differ in length', async () => {
      const shapes: number[][] = [];
      for await (const [batch] of sampleBatches('here', sequences([3, 3, 5, 5, 5, 3]), {...reading, model})) {
        shapes.push(batch.shape);
        batch.dispose();
      }
      expect(shapes).to.deep.equal([
        [4, 3, 1],
        [4, 5, 1],
        [2, 5, 1],
        [2, 3, 1],
      ]);
    });

    it('a reader that stops leaves nothing behind', async () => {
      const before = memory().numTensors;
      for await (const [batch] of sampleBatches('here', sequences([3, 3, 3, 3, 3, 3]), {
        ...reading,
        batchSize: 3,
        model,
      })) {
        batch.dispose();
        break;
      }
      expect(memory().numTensors).to.equal(before);
    });

    it('reads no element more than it may', async () => {
      let made = 0;
      const endless = async function* () {
        for (;;) {
          made++;
          yield {xs: ones([2, 3, 1]), ys: ones([2, 1])};
        }
      };
      const batches: Tensor[] = [];
      for await (const [batch] of sampleBatches('here', endless(), {...reading, rows: 6, model})) batches.push(batch);
      expect([made, ...batches.map(({shape: [rows]}) => rows)]).to.deep.equal([3, 4, 2]);
      batches.forEach((batch) => {
        batch.dispose();
      });
    });
  });
});

async function* sequences(lengths: readonly number[]): AsyncIterable<unknown> {
  for (const length of lengths) yield {xs: tensor(new Array(2 * length).fill(1), [2, length, 1]), ys: ones([2, 1])};
}
