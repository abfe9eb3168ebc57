import {type Tensor, tensor} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  type CalibrationData,
  compress,
  type Compression,
  evaluate,
  type LayerSelection,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {
  denseNetwork,
  gaussianTensor,
  leavingAlone,
  randomize,
  twoInputs,
  weightsOf,
} from '../support/models/smallNetworks.ts';

type Graph = SymbolicTensor;

onBackends(['wasm'], () => {
  async function quantized(
    network: LayersModel,
    data: CalibrationData,
    options: SpfqQuantizeOptions,
  ): Promise<Compression> {
    return lastValueFrom(compress(network).pipe(calibrate(data), spfqQuantize(options)));
  }

  describe('spfqQuantize chooses layers', () => {
    for (const [what, options, chosen] of [
      ['all by default', {}, ['hidden', 'scores']],
      ['include by name', {include: 'scores'}, ['scores']],
      ['include by pattern', {include: /^hid/}, ['hidden']],
      ['include by a pattern with a memory', {include: /[ds]/g}, ['hidden', 'scores']],
      ['include by predicate', {include: (_, {index, total}) => index === total - 1}, ['scores']],
      ['include by a list', {include: ['hidden', /ores/]}, ['hidden', 'scores']],
      ['exclude by name', {exclude: 'hidden'}, ['scores']],
      ['exclude by pattern', {exclude: /s$/}, ['hidden']],
      ['exclude by predicate', {exclude: (layer) => layer.countParams() > 40}, ['scores']],
      ['exclude before include', {include: /./, exclude: ['scores']}, ['hidden']],
    ] as ReadonlyArray<readonly [string, {include?: LayerSelection; exclude?: LayerSelection}, string[]]>) {
      it(what, async () => {
        const network = denseNetwork();
        const x = gaussianTensor([32, 6], 1);
        const before = await weightsOf(network);
        const {layers: compressed, model: small, report, dispose} = await leavingResult(network, x, options);
        expect(compressed.map(({name}) => name)).to.deep.equal(chosen);
        expect([...report.layers, ...report.skipped].map(({name}) => name)).to.have.members(['hidden', 'scores']);
        const after = await weightsOf(small);
        ['hidden', 'scores'].forEach((name, i) => {
          expect(after[2 * i].join() === before[2 * i].join()).to.equal(!chosen.includes(name));
        });
        dispose();
        [network, x].forEach((one) => {
          one.dispose();
        });
      });
    }
    const leavingResult = (network: LayersModel, x: Tensor, options: SpfqQuantizeOptions) =>
      quantized(network, x, {bits: 3, ...options});
  });

  describe('spfqQuantize end to end', () => {
    for (const [what, build, inputs, names] of [
      ['BatchNorm and layers without bias', normalized, [[6]], ['first', 'second']],
      ['two inputs that are added', twoInputs, [[4], [5]], ['fromLeft', 'fromRight', 'out']],
      ['a residual connection', residual, [[6]], ['down', 'up', 'out']],
      ['a layer called twice', shared, [[6], [6]], ['twin', 'out']],
      ['a nested model', nested, [[6]], ['inner', 'outer']],
      ['images: Conv2D and DepthwiseConv2D', images, [[6, 6, 2]], ['conv', 'depthwise', 'out']],
    ] as const) {
      it(`${what}: every layer once, outputs near the original's at 8 bits, and the model left alone`, async () => {
        const network = build();
        const x = inputs.map((shape, i) => gaussianTensor([48, ...shape], 10 + i));
        const seen = await leavingAlone(network, async () => {
          const {
            model: small,
            report,
            dispose,
          } = await lastValueFrom(compress(network).pipe(calibrate(x), spfqQuantize({bits: 8}), evaluate({xs: x})));
          expect(report.layers.map(({name}) => name)).to.deep.equal(names);
          expect(report.layers.every(({relativeError}) => relativeError < 0.03)).to.equal(true);
          expect(small.layers.map(({name}) => name)).to.deep.equal(network.layers.map(({name}) => name));
          dispose();
          return report.evaluation?.relativeError ?? NaN;
        });
        expect(seen).to.be.greaterThan(0).and.lessThan(0.05);
        const weights = network.getWeights();
        network.dispose();
        [...weights, ...x].forEach((one) => {
          one.dispose();
        }); // tfjs leaves the weights of layers that are called twice
      });
    }
  });
});

function normalized(): LayersModel {
  const network = sequential({
    layers: [
      layers.dense({name: 'first', units: 8, inputShape: [6], useBias: false}),
      layers.batchNormalization({name: 'norm'}),
      layers.reLU(),
      layers.dense({name: 'second', units: 3, useBias: false}),
    ],
  });
  randomize(network, 4);
  const norm = network.getLayer('norm');
  const variance = tensor([1, 2, 1, 0.5, 1, 2, 1, 0.5]);
  const [gamma, beta, mean] = norm.getWeights();
  norm.setWeights([gamma, beta, mean, variance]);
  variance.dispose();
  return network;
}

function residual(): LayersModel {
  const x = input({shape: [6]});
  const down = layers.dense({name: 'down', units: 4, activation: 'relu'}).apply(x) as Graph;
  const up = layers.dense({name: 'up', units: 6}).apply(down) as Graph;
  const sum = layers.add().apply([x, up]) as Graph;
  return randomized(model({inputs: x, outputs: layers.dense({name: 'out', units: 3}).apply(sum) as Graph}), 5);
}

function shared(): LayersModel {
  const [left, right] = [input({shape: [6]}), input({shape: [6]})];
  const counterpart = layers.dense({name: 'twin', units: 5, activation: 'tanh'});
  const both = layers
    .concatenate()
    .apply([counterpart.apply(left) as Graph, counterpart.apply(right) as Graph]) as Graph;
  return randomized(
    model({inputs: [left, right], outputs: layers.dense({name: 'out', units: 2}).apply(both) as Graph}),
    6,
  );
}

function nested(): LayersModel {
  const inner = sequential({
    name: 'block',
    layers: [layers.dense({name: 'inner', units: 5, inputShape: [6], activation: 'relu'})],
  });
  return randomized(sequential({layers: [inner, layers.dense({name: 'outer', units: 2})]}), 7);
}

function images(): LayersModel {
  return randomized(
    sequential({
      layers: [
        layers.conv2d({
          name: 'conv',
          filters: 4,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
          inputShape: [6, 6, 2],
        }),
        layers.depthwiseConv2d({name: 'depthwise', kernelSize: 3, strides: 2}),
        layers.flatten(),
        layers.dense({name: 'out', units: 3}),
      ],
    }),
    8,
  );
}

function randomized(network: LayersModel, seed: number): LayersModel {
  randomize(network, seed);
  return network;
}
