import '@tensorflow/tfjs-backend-cpu';
import {dispose, randomNormal, type Tensor} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model as functional, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {type Matrix, matrix, multiply, transpose} from 'tfjs-compress/numerics';
import type {ProblemStatistics} from '../../src/calibration/problemStatistics.ts';
import type {CompressionTarget} from '../../src/calibration/targets.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {chain} from '../support/models/models.ts';
import {gramsOf, largestDifference} from '../support/numerics/randomMatrices.ts';
import {isHeldBack, isWitness} from '../support/numerics/rowTurns.ts';
import {matrixOf, sourceOf, walk} from '../support/walks/walks.ts';

interface Told {
  readonly target: CompressionTarget;
  readonly statistics: ProblemStatistics[];
}

onBackends(['cpu'], () => {
  describe('the statistics of a walk', () => {
    for (const batchSize of [1, 7, 40]) {
      it(`are of the rows that are not held out, batches of ${batchSize}`, async () => {
        const model = chain([5]);
        const x = randomNormal([40, 6], 0, 1, 'float32', 1);
        const [
          {
            statistics: [{gram, rows, heldOut, boundRows, mean}],
          },
        ] = await toldOf(model, [x], batchSize);
        const all = await matrixOf(x);
        const seen = rowsOf(all, (row) => !isHeldBack(row));
        expect(rows).to.equal(38);
        expect(largestDifference(gram.data, multiply(transpose(seen), seen).data)).to.be.below(1e-4);
        expect(largestDifference(mean, meansOf(seen))).to.be.below(1e-6);
        expect(heldOut.original.data).to.deep.equal(rowsOf(all, isHeldBack).data);
        expect(heldOut.shadow.data).to.deep.equal(heldOut.original.data);
        expect(boundRows.original.data).to.deep.equal(rowsOf(all, isWitness).data);
        model.dispose();
        x.dispose();
      });
    }

    it('of a shared layer are the sums over all its calls, in one site', async () => {
      const {model, inputs} = shared();
      const told = await toldOf(model, inputs, 4);
      expect(told.map(({target}) => [target.shadowLayer.name, target.calls.length])).to.deep.equal([
        ['shared', 2],
        ['head', 1],
      ]);
      const [
        {
          statistics: [{gram, rows, mean}],
        },
      ] = told;
      const [a, b] = await Promise.all(inputs.map(matrixOf));
      const both = matrix(20, 6, Float64Array.of(...a.data, ...b.data));
      expect(rows).to.equal(20);
      expect(largestDifference(gram.data, multiply(transpose(both), both).data)).to.be.below(1e-4);
      expect(largestDifference(mean, meansOf(both))).to.be.below(1e-6);
      disposeModel(model);
      dispose(inputs);
    });

    it('of a layer called on its own output see both networks at every call', async () => {
      const x = input({shape: [6]});
      const first = layers.dense({units: 6, activation: 'tanh', name: 'first'}),
        twice = layers.dense({units: 6, activation: 'tanh', name: 'twice'});
      const call = (layer: layers.Layer, on: SymbolicTensor) => layer.apply(on) as SymbolicTensor;
      const model = functional({inputs: x, outputs: call(twice, call(twice, call(first, x)))});
      const rows = randomNormal([10, 6], 0, 1, 'float32', 2);
      const told: Told[] = [];
      let expected: {gram: Matrix; crossGram: Matrix} | undefined;
      let copies: layers.Layer[] = [];
      const own = await inputsOfTwice(rows, first, twice);
      await walk(model, sourceOf([rows], 3), {
        prepare: (networks) => {
          copies = networks.shadow.calls.map(({layer}) => layer);
        },
        visit: async (target, statistics) => {
          told.push({target, statistics});
          if (target.shadowLayer.name !== 'twice') return;
          // Its copy is as it was; the first layer's is changed.
          const shadowed = await inputsOfTwice(rows, copies[0], copies[1]);
          expected = gramsOf(own, shadowed);
        },
      });
      expect(largestDifference(told[1].statistics[0].gram.data, expected?.gram.data ?? [])).to.be.below(1e-4);
      expect(largestDifference(told[1].statistics[0].crossGram.data, expected?.crossGram.data ?? [])).to.be.below(1e-4);
      disposeModel(model);
      rows.dispose();
    });

    it('of a DepthwiseConv2D are a problem for each channel', async () => {
      const x = input({shape: [5, 5, 3]});
      const model = functional({
        inputs: x,
        outputs: layers.depthwiseConv2d({kernelSize: 2}).apply(x) as SymbolicTensor,
      });
      const images = randomNormal([2, 5, 5, 3], 0, 1, 'float32', 3);
      const [{statistics}] = await toldOf(model, [images], 2);
      expect(statistics.map(({gram, rows}) => [gram.rows, rows])).to.deep.equal([
        [4, 30],
        [4, 30],
        [4, 30],
      ]);
      // Rows 15 and 30: the last window of the first image, the last but one of the second.
      const pixels = await matrixOf(images);
      statistics.forEach(({heldOut}, channel) => {
        const expected = [18, 19, 23, 24, 25 + 17, 25 + 18, 25 + 22, 25 + 23].map(
          (pixel) => pixels.data[pixel * 3 + channel],
        );
        expect(Array.from(heldOut.original.data)).to.deep.equal(expected);
        expect(Array.from(heldOut.shadow.data)).to.deep.equal(expected);
      });
      model.dispose();
      images.dispose();
    });

    it('take no more rows than the source allows, from every sample as many', async () => {
      const x = input({shape: [6, 6, 1]});
      const model = functional({
        inputs: x,
        outputs: layers.conv2d({filters: 2, kernelSize: 1}).apply(x) as SymbolicTensor,
      });
      const images = randomNormal([10, 6, 6, 1], 0, 1, 'float32', 4);
      const [
        {
          statistics: [{rows, heldOut}],
        },
      ] = await toldOf(model, [images], 4, 79);
      expect(rows + heldOut.original.rows).to.equal(70); // 7 for each of 10 samples
      model.dispose();
      images.dispose();
    });

    it('take no more rows than the source allows from all calls of a shared layer together', async () => {
      const a = input({shape: [6, 6, 1]}),
        b = input({shape: [6, 6, 1]});
      const conv = layers.conv2d({filters: 2, kernelSize: 1});
      const model = functional({
        inputs: [a, b],
        outputs: [conv.apply(a) as SymbolicTensor, conv.apply(b) as SymbolicTensor],
      });
      const images = [randomNormal([10, 6, 6, 1], 0, 1, 'float32', 7), randomNormal([10, 6, 6, 1], 0, 1, 'float32', 8)];
      const [
        {
          statistics: [{rows, heldOut}],
        },
      ] = await toldOf(model, images, 4, 79);
      expect(rows + heldOut.original.rows).to.equal(60); // 3 for each of 10 samples and 2 calls
      disposeModel(model);
      dispose(images);
    });
  });
});

async function toldOf(model: LayersModel, inputs: Tensor[], batchSize: number, rows?: number): Promise<Told[]> {
  const told: Told[] = [];
  await walk(model, sourceOf(inputs, batchSize, rows), {
    visit: (target, statistics) => {
      told.push({target, statistics});
    },
  });
  return told;
}

/** 10 samples of two inputs that go through one layer: too few for any to be held out. */
function shared(): {model: LayersModel; inputs: Tensor[]} {
  const a = input({shape: [6]}),
    b = input({shape: [6]});
  const both = layers.dense({units: 4, name: 'shared'});
  const joined = layers
    .add()
    .apply([both.apply(a) as SymbolicTensor, both.apply(b) as SymbolicTensor]) as SymbolicTensor;
  const head = layers.dense({units: 2, name: 'head'}).apply(joined) as SymbolicTensor;
  return {
    model: functional({inputs: [a, b], outputs: head}),
    inputs: [randomNormal([10, 6], 0, 1, 'float32', 5), randomNormal([10, 6], 1, 2, 'float32', 6)],
  };
}

/** What `twice` is called with: first its outer, then its own output. */
async function inputsOfTwice(rows: Tensor, first: layers.Layer, twice: layers.Layer): Promise<Matrix> {
  const once = first.apply(rows) as Tensor;
  const again = twice.apply(once) as Tensor;
  const [a, b] = await Promise.all([matrixOf(once), matrixOf(again)]);
  dispose([once, again]);
  return matrix(a.rows + b.rows, a.columns, Float64Array.of(...a.data, ...b.data));
}

function rowsOf({rows, columns, data}: Matrix, keeps: (row: number) => boolean): Matrix {
  const kept = Array.from({length: rows}, (_, row) => row).filter(keeps);
  return matrix(
    kept.length,
    columns,
    Float64Array.from(kept.flatMap((row) => Array.from(data.subarray(row * columns, (row + 1) * columns)))),
  );
}

function meansOf({rows, columns, data}: Matrix): Float64Array {
  const means = new Float64Array(columns);
  data.forEach((value, i) => {
    means[i % columns] += value / rows;
  });
  return means;
}
