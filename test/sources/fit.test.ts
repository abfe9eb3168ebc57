import {type Tensor, tidy} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, map} from 'rxjs';
import {calibrate, type Compression, fit, type FitOptions, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {codesOf as codesOfLayers} from '../support/layers/quantizedLayers.ts';
import {gaussianTensor, randomize, twoInputs, weightsOf} from '../support/models/smallNetworks.ts';
import {separable} from '../support/models/trainableNetwork.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';
import {Counter} from '../support/models/trainings.ts';

onBackends(['wasm', 'cpu'], () => {
  describe('fit', () => {
    const trainable = withTrainableNetwork({
      compile: {loss: 'categoricalCrossentropy'},
      samples: 96,
      targetsFor: separable,
    });

    const codesOf = ({layers, dispose}: Compression): number[][] => {
      dispose();
      return codesOfLayers(layers);
    };

    it('trains on subscription, then emits the trained model and completes', async () => {
      const before = await weightsOf(trainable.network);
      const stream = fit(trainable.network, trainable.x, trainable.y, {epochs: 30, verbose: 0});
      expect(await weightsOf(trainable.network)).to.deep.equal(before);
      const lossBefore = await lossOf(trainable.network, trainable.x, trainable.y);
      const {original, model, layers, calibration} = await lastValueFrom(stream);
      expect(original).to.equal(trainable.network);
      expect(model).to.equal(trainable.network);
      expect(layers).to.deep.equal([]);
      expect(calibration?.samples).to.equal(96);
      expect(await lossOf(trainable.network, trainable.x, trainable.y)).to.be.lessThan(0.8 * lossBefore);
    });

    it('needs no calibrate: the stages calibrate on a sample of x', async () => {
      const {model, report, dispose} = await lastValueFrom(
        fit(trainable.network, trainable.x, trainable.y, {epochs: 2, verbose: 0}).pipe(spfqQuantize({bits: 4})),
      );
      expect(model).not.to.equal(trainable.network);
      expect(report.layers.map(({calibrationRows, heldOutRows}) => calibrationRows + heldOutRows)).to.deep.equal([
        96, 96,
      ]);
      dispose();
    });

    it('samples x by the seed: the same seed gives the same codes for the same weights, another others', async () => {
      const codes = async (options: FitOptions) => {
        randomize(trainable.network, 1);
        return codesOf(
          await lastValueFrom(
            fit(trainable.network, trainable.x, trainable.y, {epochs: 0, verbose: 0}, options).pipe(
              spfqQuantize({bits: 4, seed: 5}),
            ),
          ),
        );
      };
      const first = await codes({samples: 40, seed: 1});
      expect(await codes({samples: 40, seed: 1})).to.deep.equal(first);
      expect(await codes({samples: 40, seed: 2})).not.to.deep.equal(first);
    });

    it('samples at random, not the first: `samples` of x are read, from all over it', async () => {
      const {calibration} = await lastValueFrom(
        fit(trainable.network, trainable.x, trainable.y, {epochs: 0, verbose: 0}, {samples: 24}),
      );
      const rows: number[] = [];
      for await (const [batch] of calibration?.read(trainable.network) ?? []) {
        const values = await batch.data();
        for (let i = 0; i < values.length; i += 6) rows.push(values[i]);
        batch.dispose();
      }
      const all = Array.from(await trainable.x.data()).filter((_, i) => i % 6 === 0);
      const places = rows.map((value) => all.indexOf(value));
      expect(places).to.have.length(24);
      expect(places).to.deep.equal([...new Set(places)].sort((a, b) => a - b));
      expect(Math.max(...places)).to.be.greaterThan(60);
    });

    it('calibrate replaces the sample', async () => {
      const other = gaussianTensor([20, 6], 9);
      const {report, dispose} = await lastValueFrom(
        fit(trainable.network, trainable.x, trainable.y, {epochs: 0, verbose: 0}).pipe(
          calibrate(other),
          spfqQuantize({bits: 4}),
        ),
      );
      expect(report.layers[0].calibrationRows + report.layers[0].heldOutRows).to.equal(20);
      dispose();
      other.dispose();
    });

    it('runs the callbacks of the caller, plain objects, instances or one of each kind', async () => {
      for (const callbacksOf of [
        (count: () => void) => ({
          onEpochEnd: async () => {
            count();
          },
        }),
        (count: () => void) => [new Counter(count)],
        (count: () => void) => new Counter(count),
      ]) {
        let calls = 0;
        await lastValueFrom(
          fit(trainable.network, trainable.x, trainable.y, {
            epochs: 1,
            batchSize: 96,
            verbose: 0,
            callbacks: callbacksOf(() => {
              calls++;
            }) as never,
          }),
        );
        expect(calls).to.equal(1);
      }
    });
  });

  describe('fit with several inputs', () => {
    for (const form of ['an array', 'names']) {
      it(`takes them as ${form}`, async () => {
        const network = twoInputs();
        network.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
        const [left, right, y] = [gaussianTensor([40, 4], 1), gaussianTensor([40, 5], 2), gaussianTensor([40, 2], 3)];
        const x = form === 'names' ? {left, right} : [left, right];
        const rows = await lastValueFrom(
          fit(network, x, y, {epochs: 1, verbose: 0}).pipe(
            spfqQuantize({bits: 4}),
            map(({report, dispose}) => {
              dispose();
              return report.layers.map(({name, calibrationRows, heldOutRows}) => [name, calibrationRows + heldOutRows]);
            }),
          ),
        );
        expect(rows).to.deep.equal([
          ['fromLeft', 40],
          ['fromRight', 40],
          ['out', 40],
        ]);
        [left, right, y].forEach((one) => {
          one.dispose();
        });
        network.dispose();
        network.optimizer.dispose();
      });
    }
  });
});

async function lossOf(network: LayersModel, x: Tensor, y: Tensor): Promise<number> {
  const loss = tidy(() => network.evaluate(x, y)) as Tensor;
  const [value] = await loss.data();
  loss.dispose();
  return value;
}
