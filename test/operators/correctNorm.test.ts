import {type Tensor, tensor1d} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, model as modelOf, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  type CorrectOptions,
  rtnQuantize,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {causedTensor} from '../support/models/prunableNetworks.ts';
import {randomize} from '../support/models/smallNetworks.ts';
import {isHeldBack} from '../support/numerics/rowTurns.ts';

const CHANNELS = 5;

/** A convolution without bias, a BatchNormalization whose statistics fit it roughly, and a dense layer. */
function normalizedConvnet(): LayersModel {
  const network = sequential({
    layers: [
      layers.conv2d({name: 'conv', filters: CHANNELS, kernelSize: 3, useBias: false, inputShape: [7, 7, 2]}),
      layers.batchNormalization({name: 'norm'}),
      layers.reLU(),
      layers.flatten(),
      layers.dense({name: 'out', units: 3}),
    ],
  });
  randomize(network, 31);
  const norm = network.getLayer('norm');
  const [gamma, beta] = norm.getWeights();
  const [mean, variance] = [tensor1d([0.1, -0.2, 0, 0.3, 0]), tensor1d([5, 4, 6, 5, 3])];
  norm.setWeights([gamma, beta, mean, variance]);
  [mean, variance].forEach((one) => {
    one.dispose();
  });
  return network;
}

/** What a layer gives, row by row of `CHANNELS` numbers. */
async function outputsOf(network: LayersModel, name: string, x: Tensor): Promise<number[]> {
  const output = modelOf({inputs: network.inputs, outputs: network.getLayer(name).output}).predict(x) as Tensor;
  const values = Array.from(await output.data());
  output.dispose();
  return values;
}

async function layerWeights(network: LayersModel, name: string): Promise<number[][]> {
  return Promise.all(
    network
      .getLayer(name)
      .getWeights()
      .map(async (weight) => Array.from(await weight.data())),
  );
}

/** Mean over the calibrated rows, by channel. */
function calibratedMeans(values: readonly number[]): number[] {
  const rows = values.length / CHANNELS;
  const calibrated = Array.from({length: rows}, (_, row) => row).filter((row) => !isHeldBack(row));
  return Array.from(
    {length: CHANNELS},
    (_, c) => calibrated.reduce((sum, row) => sum + values[row * CHANNELS + c], 0) / calibrated.length,
  );
}

/** Σ (a − b)², by channel. */
function squaredDifferences(a: readonly number[], b: readonly number[]): number[] {
  const sums = new Array<number>(CHANNELS).fill(0);
  a.forEach((value, i) => {
    sums[i % CHANNELS] += (value - b[i]) ** 2;
  });
  return sums;
}

onBackends(['wasm'], () => {
  describe('correct, of a convolution without bias before a BatchNormalization', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = normalizedConvnet();
      x = causedTensor([128, 7, 7, 2], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    async function corrected(options: CorrectOptions, stage = rtnQuantize({bits: 'ternary'})): Promise<Compression> {
      return lastValueFrom(compress(network).pipe(calibrate(x), stage, correct(options)));
    }

    it('re-estimates moving statistics: each output channel is nearer to the original', async () => {
      const coarse = rtnQuantize({bits: 1}); // leaves the scale of a channel wrong, where sweeps would not
      const [without, full] = [
        await corrected({exclude: 'conv', batchNorm: false}, coarse),
        await corrected({exclude: 'conv'}, coarse),
      ];
      expect(await layerWeights(full.model, 'conv')).to.deep.equal(await layerWeights(without.model, 'conv'));
      const target = await outputsOf(network, 'norm', x);
      const [errorsWithout, errors] = [
        squaredDifferences(target, await outputsOf(without.model, 'norm', x)),
        squaredDifferences(target, await outputsOf(full.model, 'norm', x)),
      ];
      errors.forEach((error, c) => {
        expect(error).to.be.at.most(errorsWithout[c] * (1 + 1e-5));
      });
      expect(errors.reduce((sum, error) => sum + error)).to.be.lessThan(
        0.99 * errorsWithout.reduce((sum, error) => sum + error),
      );
      const [gamma, beta, , variance] = await layerWeights(full.model, 'norm');
      expect([gamma, beta]).to.deep.equal((await layerWeights(network, 'norm')).slice(0, 2));
      expect(variance.every((one) => one > 0)).to.equal(true);
      [without, full].forEach((one) => {
        one.dispose();
      });
    });

    it("makes of them the least-squares fit to the original's: residuals have no mean and no slope", async () => {
      const {model, dispose} = await corrected({});
      const [target, actual] = [await outputsOf(network, 'norm', x), await outputsOf(model, 'norm', x)];
      const beta = (await layerWeights(network, 'norm'))[1];
      for (let c = 0; c < CHANNELS; c++) {
        const rows = actual
          .map((value, i) => [value - beta[c], target[i] - value] as const)
          .filter((_, i) => i % CHANNELS === c);
        const scale = rows.reduce((sum, [value]) => sum + value ** 2, 0);
        expect(rows.reduce((sum, [, residual]) => sum + residual, 0) / rows.length).to.be.closeTo(0, 1e-4);
        expect(rows.reduce((sum, [value, residual]) => sum + value * residual, 0) / scale).to.be.closeTo(0, 1e-4);
      }
      dispose();
    });

    it('batchNorm: false keeps the variance, moves the mean by the loss: μ − E(y − ỹ) over all rows', async () => {
      const {model, report, dispose} = await corrected({batchNorm: false});
      expect(report.layers[0].correction?.kept).to.equal(true);
      const [before, after] = [await layerWeights(network, 'norm'), await layerWeights(model, 'norm')];
      const [own, shadow] = [
        calibratedMeans(await outputsOf(network, 'conv', x)),
        calibratedMeans(await outputsOf(model, 'conv', x)),
      ];
      expect([after[0], after[1], after[3]]).to.deep.equal([before[0], before[1], before[3]]);
      after[2].forEach((mean, c) => {
        expect(mean).to.be.closeTo(before[2][c] - (own[c] - shadow[c]), 1e-5);
      });
      dispose();
    });

    it('batchNorm: false and bias: false leave the BatchNormalization bit by bit', async () => {
      const {model, dispose} = await corrected({batchNorm: false, bias: false});
      expect(await layerWeights(model, 'norm')).to.deep.equal(await layerWeights(network, 'norm'));
      dispose();
    });

    for (const [name, stage] of [
      ['spfqQuantize', spfqQuantize({bits: 2})],
      ['spfqPrune', spfqPrune({include: 'conv'})],
    ] as const) {
      it(`${name} gives its mean error to the moving mean, too`, async () => {
        const {model, dispose} = await lastValueFrom(compress(network).pipe(calibrate(x), stage));
        const [before, after] = [await layerWeights(network, 'norm'), await layerWeights(model, 'norm')];
        const [own, shadow] = [
          calibratedMeans(await outputsOf(network, 'conv', x)),
          calibratedMeans(await outputsOf(model, 'conv', x)),
        ];
        expect(after[2]).not.to.deep.equal(before[2]);
        after[2].forEach((mean, c) => {
          expect(mean).to.be.closeTo(before[2][c] - (own[c] - shadow[c]), 1e-5);
        });
        dispose();
      });
    }

    it('a stage without bias after one with it takes the shift back: it made up for other weights', async () => {
      const {model, dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 2}), spfqQuantize({bits: 2, bias: false})),
      );
      expect(await layerWeights(model, 'norm')).to.deep.equal(await layerWeights(network, 'norm'));
      dispose();
    });

    it('a BatchNormalization whose inputs no stage changed stays bit by bit', async () => {
      const first = sequential({
        layers: [layers.batchNormalization({name: 'norm', inputShape: [8]}), layers.dense({name: 'out', units: 3})],
      });
      const data = causedTensor([64, 8], 2);
      const {model, report, dispose} = await lastValueFrom(
        compress(first).pipe(calibrate(data), rtnQuantize({bits: 2}), correct()),
      );
      expect(await layerWeights(model, 'norm')).to.deep.equal(await layerWeights(first, 'norm'));
      expect(report.skipped.filter(({stage}) => stage === 'correct')).to.deep.equal([]);
      dispose();
      first.dispose();
      data.dispose();
    });
  });
});
