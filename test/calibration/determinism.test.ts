import '@tensorflow/tfjs-backend-cpu';
import {dispose, memory, randomNormal, type Tensor} from '@tensorflow/tfjs-core';
import {initializers, layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  type CalibrateOptions,
  compress,
  type CompressedLayer,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {batchSource} from '../../src/data/batchSource.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {immediately} from '../../src/numerics/task.ts';
import {completePlan, quantizePlan} from '../../src/operators/quantizeOptions.ts';
import {quantizeModel} from '../../src/stages/quantize/quantizeModel.ts';
import {createCompression} from '../../src/stages/run/compression.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {chain, examples} from '../support/models/models.ts';

onBackends(['cpu'], () => {
  let convnet: LayersModel;
  let images: Tensor;
  before(() => {
    const seeded = (seed: number) => initializers.randomNormal({seed, mean: 0, stddev: 0.3});
    convnet = sequential({
      layers: [
        layers.conv2d({
          inputShape: [8, 8, 2],
          filters: 4,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
          kernelInitializer: seeded(1),
        }),
        layers.depthwiseConv2d({kernelSize: 3, strides: 2, activation: 'relu', depthwiseInitializer: seeded(2)}),
        layers.flatten(),
        layers.dense({units: 8, activation: 'relu', kernelInitializer: seeded(3)}),
        layers.dense({units: 3, kernelInitializer: seeded(4)}),
      ],
    });
    images = randomNormal([70, 8, 8, 2], 0, 1, 'float32', 5);
  });
  after(() => {
    disposeModel(convnet);
    images.dispose();
  });

  async function codesOf(
    model: LayersModel,
    x: Tensor | Tensor[],
    reading: CalibrateOptions,
    options: SpfqQuantizeOptions = {},
  ): Promise<readonly CompressedLayer[]> {
    const compression = await lastValueFrom(
      compress(model, {seed: 3}).pipe(calibrate(x, reading), spfqQuantize({bits: 2, ...options})),
    );
    compression.dispose();
    return compression.layers;
  }

  describe('codes and scales', () => {
    for (const rows of [32768, 700]) {
      it(`are the same for batches of 1, 7, 32 and 70, ${rows} rows`, async () => {
        const expected = await codesOf(convnet, images, {batchSize: 70, rows});
        expect(expected.map(({matrices}) => matrices.length)).to.deep.equal([1, 4, 1, 1]);
        for (const batchSize of [1, 7, 32])
          expect(await codesOf(convnet, images, {batchSize, rows})).to.deep.equal(expected);
      });
    }

    it('are the same with 1 byte of memory', async () => {
      const {method, walk} = completePlan(quantizePlan('spfqQuantize', {bits: 2}), 3);
      const source = batchSource('calibrate', images, {samples: 70, batchSize: 16, rows: 2000, seed: 3});
      const context = {
        stage: 'spfqQuantize',
        ...immediately,
        progress: () => undefined,
        elapsed: () => 0,
      };
      const made = await Promise.all(
        [1, 2 ** 15, 2 ** 29].map(async (bytes) => {
          const compression = await quantizeModel(
            createCompression('compress', convnet, source, 3),
            {method, walk: {...walk, memory: bytes}},
            context,
          );
          compression.dispose();
          return compression.layers;
        }),
      );
      expect(made[0]).to.deep.equal(made[2]);
      expect(made[1]).to.deep.equal(made[2]);
    });

    it('are the same on every run, and others with another seed', async () => {
      const first = await codesOf(convnet, images, {rows: 700}, {seed: 1, sweeps: 0, samples: 1});
      expect(await codesOf(convnet, images, {rows: 700}, {seed: 1, sweeps: 0, samples: 1})).to.deep.equal(first);
      expect(await codesOf(convnet, images, {rows: 700}, {seed: 2, sweeps: 0, samples: 1})).to.not.deep.equal(first);
    });
  });

  it("the weights of the user's model are the same bits before and after", async () => {
    const weights = async () =>
      await Promise.all(convnet.getWeights().map(async (weight) => Array.from(await weight.data())));
    const before = await weights();
    await codesOf(convnet, images, {});
    expect(await weights()).to.deep.equal(before);
  });

  for (const [name, make] of Object.entries(examples)) {
    it(`a model with ${name} is compressed without a tensor left over`, async () => {
      const {model, inputs} = make();
      const before = memory();
      const found = await codesOf(model, inputs, {batchSize: 2});
      expect(found.length).to.be.above(0);
      expect(memory()).to.deep.include({numTensors: before.numTensors, numBytes: before.numBytes});
      disposeModel(model);
      dispose(inputs);
    });
  }

  it('a model with frozen layers keeps its weights in their places', async () => {
    const model = chain([6, 6]);
    model.layers[1].trainable = false;
    const x = randomNormal([50, 6], 0, 1, 'float32', 6);
    const compression = await lastValueFrom(compress(model).pipe(calibrate(x), spfqQuantize({bits: 8})));
    for (const i of [1, 2]) {
      const [own, found] = await Promise.all(
        [model, compression.model].map(({layers: list}) => list[i].getWeights()[0].data()),
      );
      own.forEach((weight, k) => expect(found[k]).to.be.closeTo(weight, 0.05));
    }
    compression.dispose();
    model.dispose();
    x.dispose();
  });
});
