import {memory, type Tensor, tensor2d} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, spfqQuantize} from 'tfjs-compress';
import {type Matrix, matrix} from 'tfjs-compress/numerics';
import type {ProblemStatistics} from '../../src/calibration/problemStatistics.ts';
import {createTaskRunner} from '../../src/numerics/task.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {numbersOf} from '../support/layers/layerCase.ts';
import {someTokens, wordNetwork} from '../support/models/wordNetworks.ts';
import {isHeldBack} from '../support/numerics/rowTurns.ts';
import {sourceOf, walk} from '../support/walks/walks.ts';

/** Words, of which the last block of rows has one too few: ⌈515 / 256⌉ = 3 blocks of 172. */
const VOCABULARY = 515;
const ROWS = 172;
const DIMENSION = 4;
const TIME = 10;

onBackends(['cpu', 'wasm'], () => {
  describe('Embedding of more rows than share their scales', () => {
    let network: LayersModel;
    let x: Tensor;
    const tokens = someTokens(64 * TIME);
    before(() => {
      network = wordNetwork({});
      x = tensor2d(tokens, [64, TIME], 'int32');
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    for (const maskZero of [false, true]) {
      it(`has the statistics of its tokens${maskZero ? ', without the padding that its mask hides' : ''}`, async () => {
        const masked = wordNetwork({maskZero});
        const statistics = await statisticsOf(masked, x);
        const looked = Array.from(tokens, (token, row) => ({token, row})).filter(
          ({token}) => !(maskZero && token === 0),
        );
        const counted = looked.filter(({row}) => !isHeldBack(row));
        expect(statistics.map(({rows}) => rows)).to.deep.equal([counted.length, counted.length, counted.length]);
        statistics.forEach(({gram, crossGram, heldOut, lookups, mean}, p) => {
          const block = (token: number): boolean => token >= p * ROWS && token < (p + 1) * ROWS;
          const counts = new Float64Array(ROWS);
          for (const {token} of counted) if (block(token)) counts[token - p * ROWS]++;
          const expected = matrix(ROWS, ROWS);
          counts.forEach((count, t) => {
            expected.data[t * ROWS + t] = p * ROWS + t < VOCABULARY ? count + 1 : 0;
          });
          expect(gram.data).to.deep.equal(expected.data);
          expect(crossGram.data).to.deep.equal(expected.data);
          expect(mean).to.deep.equal(counts.map((count) => count / counted.length));
          const rows = looked
            .filter(({token, row}) => isHeldBack(row) && block(token))
            .map(({token}) => token - p * ROWS);
          expect(onesOf(heldOut.original)).to.deep.equal(rows);
          expect(lookups).to.deep.equal({
            unseen: Array.from(counts).filter((count, t) => count === 0 && p * ROWS + t < VOCABULARY).length,
            padding: p === 2 ? 1 : 0,
            heldOut: looked.filter(({row}) => isHeldBack(row)).length,
          });
        });
        masked.dispose();
      });
    }

    it('weighs rows by how often they were looked up', async () => {
      // One word nearly always: at 1 bit its letters are its own.
      const often = tensor2d(
        Int32Array.from({length: 64 * TIME}, (_, i) => (i % 16 === 0 ? i % 80 : 7)),
        [64, TIME],
        'int32',
      );
      const compression = await lastValueFrom(
        compress(network).pipe(calibrate(often), spfqQuantize({bits: 1, include: 'words'})),
      );
      const {before, after} = await rowsOf(network, compression);
      const errorAt = (token: number): number =>
        Math.max(
          ...Array.from({length: DIMENSION}, (_, n) =>
            Math.abs(before[token * DIMENSION + n] - after[token * DIMENSION + n]),
          ),
        );
      expect(errorAt(7)).to.be.below(0.15);
      expect(Math.max(...Array.from({length: ROWS}, (_, token) => errorAt(token)))).to.be.above(0.5);
      compression.dispose();
      often.dispose();
    });

    it('of 20,000 words takes no memory of the backend for its statistics', async () => {
      const many = wordNetwork({vocabulary: 20000, time: 200});
      const all = tensor2d(
        Int32Array.from({length: 512 * 200}, (_, i) => (i * 7919) % 20000),
        [512, 200],
        'int32',
      );
      const start = memory().numBytes;
      let max = 0;
      await walk(many, sourceOf([all], 64), {
        runner: createTaskRunner(async () => {
          max = Math.max(max, memory().numBytes - start);
        }),
      });
      // The copy, 20,000 · 4 numbers, once more while it is rewritten, and the tokens of all batches; columns would be
      // 64 · 200 · 20,000 numbers.
      expect(max).to.be.below(4 * (3 * 20000 * DIMENSION + 2 * 512 * 200) + 2 ** 20);
      many.dispose();
      all.dispose();
    });
  });
});

async function statisticsOf(model: LayersModel, x: Tensor): Promise<ProblemStatistics[]> {
  let told: ProblemStatistics[] = [];
  await walk(model, sourceOf([x], 7), {
    visit: (target, statistics) => {
      if (target.shadowLayer.name === 'words') told = statistics;
    },
  });
  return told;
}

/** Of one-hot rows where the ones are. */
function onesOf({rows, columns, data}: Matrix): number[] {
  return Array.from({length: rows}, (_, row) => {
    const own = data.subarray(row * columns, (row + 1) * columns);
    expect(own.reduce((sum, value) => sum + value, 0)).to.equal(1);
    return own.indexOf(1);
  });
}

async function rowsOf(network: LayersModel, {layers: [record], model}: Compression) {
  const [before, after] = await Promise.all(
    [network, model].map(async (one) => Array.from((await numbersOf(one.getLayer('words').getWeights()[0])).data)),
  );
  if (record.kind !== 'quantized') return {record: {matrices: []}, before, after};
  return {record, before, after};
}
