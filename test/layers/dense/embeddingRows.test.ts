import {type Tensor, tensor2d} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  DataError,
  exportStock,
  loadPacked,
  optqQuantize,
  pack,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {type Matrix, matrix, meanSquareScale, stepAt, uniformAlphabet} from 'tfjs-compress/numerics';
import {kernelsOf} from '../../../src/layers/registry.ts';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {numbersOf} from '../../support/layers/layerCase.ts';
import {relativeDifference} from '../../support/models/packedModels.ts';
import {errorOf, predictionsOf} from '../../support/models/smallNetworks.ts';
import {collectArtifacts, giving} from '../../support/models/smallPackedModels.ts';
import {someTokens, wordNetwork} from '../../support/models/wordNetworks.ts';

/** Words, of which the last block of rows has one too few: ⌈515 / 256⌉ = 3 blocks of 172. */
const VOCABULARY = 515;
const ROWS = 172;
const DIMENSION = 4;
const TIME = 10;
/** Only the words before it are ever looked up. */
const SEEN = 300;

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

    it('is cut into blocks, and put together again', async () => {
      const [{kernel}] = kernelsOf(network.getLayer('words'));
      const {data} = await numbersOf(network.getLayer('words').getWeights()[0]);
      const shape = [VOCABULARY, DIMENSION];
      expect([kernel.matrixCount(shape), kernel.features(shape), kernel.neurons(shape)]).to.deep.equal([
        3,
        ROWS,
        DIMENSION,
      ]);
      const blocks = kernel.toMatrices(data, shape);
      expect(blocks.flatMap((block) => Array.from(block.data)).slice(0, data.length)).to.deep.equal(Array.from(data));
      // What fills the last one up is rows of its own, so that they do not change its scales much.
      expect(blocks[2].data.slice(-DIMENSION)).to.deep.equal(blocks[2].data.slice(0, DIMENSION));
      expect(Array.from(kernel.fromMatrices(blocks, shape))).to.deep.equal(Array.from(data));
      for (const [vocabulary, matrixCount] of [
        [1, 1],
        [256, 1],
        [257, 2],
        [20000, 79],
        [100001, 391],
      ]) {
        expect(kernel.matrixCount([vocabulary, 2]), `${vocabulary}`).to.equal(matrixCount);
        expect(kernel.features([vocabulary, 2])).to.be.within(Math.min(vocabulary, 128), 256);
        expect(kernel.matrixCount([vocabulary, 2]) * kernel.features([vocabulary, 2]) - vocabulary).to.be.within(
          0,
          kernel.features([vocabulary, 2]) - 1,
        );
      }
    });

    it('rounds rows that nobody looked up to their nearest letters', async () => {
      const compression = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 3, include: 'words'})),
      );
      const {record, before, after} = await rowsOf(network, compression);
      let unseen = 0;
      for (let token = SEEN; token < VOCABULARY; token++) {
        const {scales} = record.matrices[Math.floor(token / ROWS)];
        for (let n = 0; n < DIMENSION; n++, unseen++) {
          const [weight, found, step] = [
            before[token * DIMENSION + n],
            after[token * DIMENSION + n],
            stepAt(scales, 0, n),
          ];
          expect(Math.abs(found / step)).to.be.at.most(3.0001);
          const nearest = Math.fround(step * Math.max(-3, Math.min(3, Math.round(weight / step))));
          expect(found).to.equal(nearest);
        }
      }
      expect(unseen).to.equal((VOCABULARY - SEEN) * DIMENSION);
      expect(compression.report.layers[0]).to.include({weights: VOCABULARY * DIMENSION, matrixCount: 3});
      expect(compression.report.layers[0].deadFeatures).to.be.at.least(VOCABULARY - SEEN);
      expect(compression.report.size.compressedWeights).to.equal(VOCABULARY * DIMENSION);
      compression.dispose();
    });

    it('scales a block without calibration as well as least squares does', async () => {
      const compression = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 2, symmetric: true, include: 'words'})),
      );
      const {record, before, after} = await rowsOf(network, compression);
      const [first, last] = [2 * ROWS * DIMENSION, VOCABULARY * DIMENSION];
      const block = matrix(VOCABULARY - 2 * ROWS, DIMENSION, Float64Array.from(before.slice(first, last)));
      const scales = meanSquareScale(block, uniformAlphabet({bits: 2}), 'channel');
      const squares = squaresOf(block, (t, n) => roundedTo(block.data[t * DIMENSION + n], stepAt(scales, t, n)));
      const found = squaresOf(block, (t, n) => after[first + t * DIMENSION + n]);
      found.forEach((square, n) => {
        expect(square).to.be.below(1.02 * squares[n]);
      });
      expect(record.matrices[2].scales.steps.every((step) => step > 0)).to.equal(true);
      compression.dispose();
    });

    it('stays dense unless it is named', async () => {
      const reason =
        /^an embedding stays dense, because calibration says little of its rare rows; `include` overrides this$/;
      const pruned = await errorOf(compress(network).pipe(calibrate(x), spfqPrune()));
      expect(String(pruned)).to.include('words (Embedding): an embedding stays dense');
      const both = await lastValueFrom(compress(network).pipe(calibrate(x), spfqCompress({bits: 4, samples: 1})));
      expect(both.report.layers.map(({choice, sparsity}) => [choice?.match(reason)?.length, sparsity])).to.deep.equal([
        [1, 0],
        [undefined, 0],
      ]);
      both.dispose();
      const named = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqPrune({sparsity: 0.25, include: 'words'})),
      );
      const {after} = await rowsOf(network, named);
      // To the weights of the row that only fills up.
      expect(after.filter((weight) => weight === 0).length).to.be.within(
        (VOCABULARY * DIMENSION) / 4 - DIMENSION,
        (VOCABULARY * DIMENSION) / 4 + DIMENSION,
      );
      named.dispose();
    });

    it('is the same packed, saved and loaded, and as a stock model', async () => {
      const {model, ...compression} = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, samples: 1})),
      );
      const expected = await predictionsOf(model, x);
      const report = await exportStock(
        {...compression, model},
        {save: () => Promise.resolve({modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}})},
      );
      expect(report.layers[0]).to.include({method: 'uint16', weights: VOCABULARY * DIMENSION});
      compression.dispose();
      const small = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, samples: 1}), pack()),
      );
      const loaded = await loadPacked(giving(await collectArtifacts(small.model)));
      const found = await predictionsOf(small.model, x);
      expect(relativeDifference(expected, found)).to.be.below(1e-6);
      expect(await predictionsOf(loaded, x)).to.deep.equal(found);
      // 15 letters in 7.82 bits for two, and a step for each block and dimension.
      expect(small.report.layers[0].bytes).to.be.within(
        (3 * ROWS * DIMENSION) / 2,
        (3 * ROWS * DIMENSION) / 2 + 4 * 3 * DIMENSION + 64,
      );
      small.dispose();
      disposeModel(loaded);
    });

    it('goes through every stage', async () => {
      const ready = compress(network).pipe(calibrate(x));
      for (const stages of [
        ready.pipe(spfqQuantize({bits: 2, include: 'words'}), correct()),
        ready.pipe(spfqQuantize({bits: 'auto', budget: {bitsPerWeight: 4.5}, include: 'words'})),
        ready.pipe(optqQuantize({bits: 4, include: 'words'})),
        ready.pipe(spfqPrune({sparsity: 0.5, include: 'words'}), spfqQuantize({bits: 4, include: 'words'}), correct()),
      ]) {
        const {report, dispose} = await lastValueFrom(stages);
        expect(report.layers.map(({name, weights}) => [name, weights])).to.deep.equal([
          ['words', VOCABULARY * DIMENSION],
        ]);
        expect(report.layers[0].relativeError).to.be.within(0.01, 0.6);
        expect(report.layers[0].heldOutRows).to.equal((64 * TIME) / 16);
        dispose();
      }
    });

    it('refuses tokens that it has no row for', async () => {
      const beyond = tensor2d([[1, 2, 515]], [1, 3], 'int32');
      const short = sequential({
        layers: [layers.embedding({name: 'words', inputDim: VOCABULARY, outputDim: DIMENSION, inputLength: 3})],
      });
      const error = await errorOf(compress(short).pipe(calibrate(beyond), spfqQuantize()));
      expect(error).to.be.instanceOf(DataError);
      expect(String(error)).to.include(
        "layer 'words': expected tokens from 0 to 514, got 515; is the vocabulary another than in training?",
      );
      beyond.dispose();
      short.dispose();
    });
  });
});

async function rowsOf(network: LayersModel, {layers: [record], model}: Compression) {
  const [before, after] = await Promise.all(
    [network, model].map(async (one) => Array.from((await numbersOf(one.getLayer('words').getWeights()[0])).data)),
  );
  if (record.kind !== 'quantized') return {record: {matrices: []}, before, after};
  return {record, before, after};
}

function roundedTo(weight: number, step: number): number {
  return step * (Math.max(-2, Math.min(1, Math.floor(weight / step))) + 0.5);
}

/** Σ (w − q)² of each dimension. */
function squaresOf({rows, columns, data}: Matrix, letter: (t: number, n: number) => number): number[] {
  return Array.from({length: columns}, (_, n) =>
    Array.from({length: rows}, (__, t) => (data[t * columns + n] - letter(t, n)) ** 2).reduce(
      (sum, square) => sum + square,
      0,
    ),
  );
}
