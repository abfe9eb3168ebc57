import {io, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, loadLayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  type CalibrationData,
  compress,
  type Compression,
  evaluate,
  fit,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {expectedWeights} from '../support/layers/expectedWeights.ts';
import {quantizedLayers} from '../support/layers/quantizedLayers.ts';
import {denseNetwork, gaussianTensor, predictionsOf, randomize, weightsOf} from '../support/models/smallNetworks.ts';
import {gaussians} from '../support/numerics/randomMatrices.ts';

const NEAREST: SpfqQuantizeOptions = {
  scale: 'mse',
  alignment: 'none',
  feedback: 'none',
  rounding: 'nearest',
  sweeps: 0,
};

onBackends(['wasm'], () => {
  async function quantized(
    network: LayersModel,
    data: CalibrationData,
    options: SpfqQuantizeOptions,
  ): Promise<Compression> {
    return lastValueFrom(compress(network).pipe(calibrate(data), spfqQuantize(options)));
  }

  describe('spfqQuantize on a trained dense network', () => {
    let network: LayersModel;
    let x: Tensor;
    let test: Tensor;
    before(async () => {
      network = sequential({
        layers: [
          layers.dense({units: 24, inputShape: [12], activation: 'relu'}),
          layers.dense({units: 16, activation: 'relu'}),
          layers.dense({units: 4}),
        ],
      });
      randomize(network, 3);
      network.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
      [x, test] = [correlated(512, 1), correlated(256, 2)];
      const targets = gaussianTensor([512, 4], 7);
      await lastValueFrom(fit(network, x, targets, {epochs: 3, verbose: 0}));
      targets.dispose();
    });
    after(() => {
      network.dispose();
      network.optimizer.dispose();
      [x, test].forEach((one) => {
        one.dispose();
      });
    });

    for (const bits of [1, 'ternary', 2, 3] as const) {
      it(`at ${bits} bits loses less of the outputs than rounding to nearest at the same levels`, async () => {
        const errorOf = async (options: SpfqQuantizeOptions): Promise<number> => {
          const {report, dispose} = await lastValueFrom(
            compress(network).pipe(calibrate(x), spfqQuantize({bits, ...options}), evaluate({xs: test})),
          );
          dispose();
          return report.evaluation?.relativeError ?? NaN;
        };
        expect(await errorOf({})).to.be.lessThan(0.8 * (await errorOf(NEAREST)));
      });
    }

    for (const granularity of ['tensor', 'channel', {group: 5}] as const) {
      for (const bits of [1, 2, 3, 8] as const) {
        it(`${JSON.stringify(granularity)}, ${bits} bits: every weight is step · (code + shift) + offset`, async () => {
          const {model: small, layers: compressed, dispose} = await quantized(network, x, {bits, granularity});
          const weights = await weightsOf(small);
          for (const [l, layer] of quantizedLayers(compressed).entries()) {
            const {
              matrices: [{features, neurons, scales}],
            } = layer;
            const size = granularity === 'tensor' || granularity === 'channel' ? features : granularity.group;
            expect(scales.steps).to.have.length(Math.ceil(features / size) * neurons);
            if (granularity === 'tensor') expect(new Set(scales.steps).size).to.equal(1);
            expect(weights[2 * l]).to.deep.equal(expectedWeights(layer, weights[2 * l]));
          }
          dispose();
        });
      }
    }

    it('save, then load: equal predictions, bit by bit', async () => {
      const {model: small, dispose} = await quantized(network, x, {bits: 2});
      const saved: io.ModelArtifacts[] = [];
      await small.save(
        io.withSaveHandler(async (artifacts) => {
          saved.push(artifacts);
          return {modelArtifactsInfo: {dateSaved: new Date(0), modelTopologyType: 'JSON'}};
        }),
      );
      const loaded = await loadLayersModel(io.fromMemory(saved[0]));
      expect(await predictionsOf(loaded, test)).to.deep.equal(await predictionsOf(small, test));
      loaded.dispose();
      dispose();
    });

    it('bias: false and sweeps: 0 leave the biases as they were', async () => {
      const before = await weightsOf(network);
      for (const options of [
        {bits: 2, bias: false},
        {bits: 2, sweeps: 0},
      ] as const) {
        const {model: small, dispose} = await quantized(network, x, options);
        const after = await weightsOf(small);
        for (const i of [1, 3, 5]) expect(after[i]).to.deep.equal(before[i]);
        dispose();
      }
    });

    it('keeps neurons whose weights are all zero', async () => {
      const zero = denseNetwork();
      const [kernel, ...others] = zero.getWeights();
      const values = Float32Array.from(await kernel.data());
      for (let i = 0; i < values.length; i += 8) values[i] = 0;
      const changed = tensor(values, [6, 8]);
      zero.setWeights([changed, ...others]);
      const data = gaussianTensor([64, 6], 1);
      for (const bits of [1, 2, 'ternary', 4] as const) {
        const {model: small, layers: compressed, dispose} = await quantized(zero, data, {bits});
        const [
          {
            matrices: [{scales}],
          },
        ] = quantizedLayers(compressed);
        const [after] = await weightsOf(small);
        expect(scales.steps[0]).to.equal(0);
        for (let i = 0; i < after.length; i += 8) expect(after[i]).to.equal(0);
        dispose();
      }
      [zero, changed, data].forEach((one) => {
        one.dispose();
      });
    });
  });
});

/** Inputs whose features share three causes, as those of a hidden layer do. */
function correlated(samples: number, seed: number): Tensor {
  const next = gaussians(seed);
  const mixing = gaussians(99);
  const mixed = Array.from({length: 12}, () => [mixing(), mixing(), mixing()]);
  const values = Array.from({length: samples}, () => [next(), next(), next()]).flatMap((causes) =>
    mixed.map((weights) => weights.reduce((sum, weight, k) => sum + weight * causes[k], 0.3 * next())),
  );
  return tensor(values, [samples, 12]);
}
