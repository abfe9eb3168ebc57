import {dispose, memory, type Tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  type LayersModel,
  model as modelOf,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  evaluate,
  foldBatchNorm,
  ModelError,
  pack,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {relativeDifference} from '../support/models/packedModels.ts';
import {gaussianTensor, predictionsOf, randomize, weightsOf} from '../support/models/smallNetworks.ts';
import {uniforms} from '../support/numerics/randomMatrices.ts';

const norm = (name: string, options: object = {}) => layers.batchNormalization({name, ...options});

/**
 * Normalizations of which each has a layer to go into: with and without a bias, gamma, beta; behind Dense, Conv2D and
 * DepthwiseConv2D.
 */
function foldable(): LayersModel {
  return randomized(
    sequential({
      layers: [
        layers.conv2d({name: 'conv', filters: 4, kernelSize: 3, useBias: false, inputShape: [8, 8, 2]}),
        norm('conv_norm'),
        layers.reLU({name: 'relu'}),
        layers.depthwiseConv2d({name: 'depthwise', kernelSize: 3, depthMultiplier: 2}),
        norm('depthwise_norm', {scale: false}),
        layers.flatten({name: 'flat'}),
        layers.dense({name: 'dense', units: 5}),
        norm('dense_norm', {center: false, epsilon: 0.1}),
        layers.dense({name: 'scores', units: 3}),
      ],
    }),
  );
}

/**
 * Every normalization has a reason to stay: nothing before it, an activation, another consumer, and the model's own
 * output.
 */
function unfoldable(): LayersModel {
  const x = input({name: 'x', shape: [6]});
  const first = norm('first').apply(x) as SymbolicTensor;
  const active = norm('behind_relu').apply(
    layers.dense({name: 'active', units: 6, activation: 'relu'}).apply(first),
  ) as SymbolicTensor;
  const shared = layers.dense({name: 'shared', units: 6}).apply(active) as SymbolicTensor;
  const sum = layers
    .add({name: 'sum'})
    .apply([norm('taken_twice').apply(shared) as SymbolicTensor, shared]) as SymbolicTensor;
  const output = layers.dense({name: 'output', units: 2}).apply(sum) as SymbolicTensor;
  return randomized(modelOf({inputs: x, outputs: [output, norm('of_output').apply(output) as SymbolicTensor]}));
}

/** Random weights; variances and gammas that are positive. */
function randomized(network: LayersModel): LayersModel {
  randomize(network, 3);
  const uniform = uniforms(11);
  for (const layer of network.layers.filter((one) => one.getClassName() === 'BatchNormalization')) {
    tidy(() => {
      layer.setWeights(
        layer.getWeights().map(({size}) => tensor1d(Float32Array.from({length: size}, () => 0.3 + uniform()))),
      );
    });
  }
  return network;
}

const folded = (model: LayersModel): Promise<Compression> => lastValueFrom(compress(model).pipe(foldBatchNorm()));

onBackends(['cpu', 'wasm'], () => {
  describe('foldBatchNorm()', () => {
    let network: LayersModel;
    let x: Tensor;
    beforeEach(() => {
      [network, x] = [foldable(), gaussianTensor([12, 8, 8, 2], 5)];
    });
    afterEach(() => {
      network.dispose();
      x.dispose();
    });

    it('gives the same function without normalizations, and leaves the model alone', async () => {
      const before = await weightsOf(network);
      const compression = await folded(network);
      expect(compression.model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization')).to.deep.equal(
        [],
      );
      expect(
        relativeDifference(await predictionsOf(compression.model, x), await predictionsOf(network, x)),
      ).to.be.below(1e-6);
      expect(await weightsOf(network)).to.deep.equal(before);
      expect(compression.model.layers.map(({name}) => name)).to.deep.equal(network.layers.map(({name}) => name));
      compression.dispose();
    });

    it('counts what is left: a bias for each layer that had none, and no normalization', async () => {
      const compression = await folded(network);
      // conv 3·3·2·4 + 4, depthwise 3·3·4·2 + 8, dense 4·4·8·5 + 5, scores 5·3 + 3
      expect(compression.report.size.parameters).to.equal(72 + 4 + 72 + 8 + 640 + 5 + 15 + 3);
      expect(compression.report.stages).to.deep.equal(['foldBatchNorm']);
      expect(compression.report.skipped).to.deep.equal([]);
      compression.dispose();
    });

    it('is what later stages compare with: 8 bits are near, and the report has no normalization', async () => {
      const before = memory().numTensors;
      const compression = await lastValueFrom(
        compress(network).pipe(
          foldBatchNorm(),
          calibrate(x),
          spfqQuantize({bits: 8, samples: 1}),
          correct(),
          evaluate({xs: x}),
          pack(),
        ),
      );
      expect(
        relativeDifference(await predictionsOf(compression.model, x), await predictionsOf(network, x)),
      ).to.be.below(0.01);
      expect(compression.report.skipped).to.deep.equal([]);
      compression.dispose();
      expect(memory().numTensors).to.equal(before);
    });

    it('behind a stage that compressed layers is refused', async () => {
      const failure: unknown = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, samples: 1}), foldBatchNorm()),
      ).catch((error: unknown) => error);
      expect(failure)
        .to.be.instanceOf(ModelError)
        .with.property(
          'message',
          "foldBatchNorm: expected a model that is not compressed yet, found the compressed layer 'conv'; put " +
            'foldBatchNorm() first',
        );
    });
  });

  for (const useBias of [true, false]) {
    it(`goes into Conv2DTranspose and SeparableConv2D's pointwise kernel, useBias: ${useBias}`, async () => {
      const network = randomized(
        sequential({
          layers: [
            layers.conv2dTranspose({name: 'up', filters: 4, kernelSize: 3, strides: 2, useBias, inputShape: [3, 3, 2]}),
            norm('up_norm'),
            layers.reLU({name: 'relu'}),
            layers.separableConv2d({name: 'separable', filters: 5, kernelSize: 3, useBias}),
            norm('separable_norm'),
            layers.flatten({name: 'flat'}),
            layers.dense({name: 'scores', units: 3}),
          ],
        }),
      );
      const x = gaussianTensor([7, 3, 3, 2], 2);
      const compression = await folded(network);
      expect(compression.report.skipped).to.deep.equal([]);
      expect(
        relativeDifference(await predictionsOf(compression.model, x), await predictionsOf(network, x)),
      ).to.be.below(1e-6);
      const [depthwise] = network.getLayer('separable').getWeights();
      expect(Array.from(await compression.model.getLayer('separable').getWeights()[0].data())).to.deep.equal(
        Array.from(await depthwise.data()),
      );
      compression.dispose();
      network.dispose();
      x.dispose();
    });
  }

  it('foldBatchNorm() leaves what follows no linear layer alone, and says so', async () => {
    const [network, x] = [unfoldable(), gaussianTensor([7, 6], 2)];
    const compression = await folded(network);
    const names = ['first', 'behind_relu', 'taken_twice', 'of_output'];
    expect(compression.report.skipped.map(({name}) => name)).to.have.members(names);
    expect(compression.report.skipped[0].reason).to.equal(
      'it does not follow a linear layer, with a place for a bias, whose outputs nothing else takes',
    );
    const [own, other] = [network, compression.model].map((one) => one.predict(x) as Tensor[]);
    for (const [k, output] of own.entries())
      expect(Array.from(await other[k].data())).to.deep.equal(Array.from(await output.data()));
    dispose([...own, ...other]);
    compression.dispose();
    network.dispose();
    x.dispose();
  });
});
