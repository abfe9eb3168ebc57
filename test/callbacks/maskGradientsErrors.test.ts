import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, fit, maskGradients, ModelError, pack, spfqCompress, spfqQuantize} from 'tfjs-compress';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {wideNetwork} from '../support/models/prunableNetworks.ts';
import {errorOf, gaussianTensor, leavingAlone, twoInputs} from '../support/models/smallNetworks.ts';
import {withOptimizer, withPruned} from '../support/models/trainings.ts';

onBackends(['wasm'], () => {
  describe('maskGradients refuses', () => {
    it('a compression of which nothing is pruned, at once', async () => {
      await withPruned(
        wideNetwork(),
        async ({compression}) => {
          expect(() => maskGradients(compression)).to.throw(
            ModelError,
            'maskGradients: expected a compression with pruned weights, got none; put spfqPrune or spfqCompress ' +
              'into its pipeline',
          );
        },
        (network, x) =>
          lastValueFrom(compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, samples: 1, scale: 'mse'}))),
      );
    });

    it('a packed model, at once', async () => {
      await withPruned(
        wideNetwork(),
        async ({compression}) => {
          expect(() => maskGradients(compression)).to.throw(
            ModelError,
            /^maskGradients: expected a model that is not packed, .*train first, pack\(\) last$/,
          );
        },
        (network, x) =>
          lastValueFrom(
            compress(network).pipe(
              calibrate(x),
              spfqCompress({sparsity: 0.5, bits: 4, samples: 1, scale: 'mse'}),
              pack(),
            ),
          ),
      );
    });

    it('a model that was disposed of, at once', async () => {
      await withPruned(wideNetwork(), async ({compression}) => {
        disposeModel(compression.model);
        expect(() => maskGradients(compression)).to.throw(ModelError, /^maskGradients: expected a live model/);
      });
    });

    const others: Readonly<Record<string, {network: () => LayersModel; message: string}>> = {
      'the original': {
        network: () => wideNetwork(),
        message: "expected the pruned weights of layer 'wide' to be 0, found ",
      },
      'a model without the layer': {
        network: () => twoInputs(),
        message: 'expected the compressed model to be trained, got ',
      },
      'a model whose layer has another shape': {
        network: () =>
          sequential({
            layers: [
              layers.dense({name: 'wide', units: 7, inputShape: [33]}),
              layers.dense({name: 'scores', units: 4}),
            ],
          }),
        message:
          "expected layer 'wide' to be a Dense with 1 × [33, 12] weights, got a Dense with a kernel of shape " +
          '[33, 7]; call fit on compression.model',
      },
      'a model whose layer is of another type': {
        network: () =>
          sequential({
            layers: [layers.reLU({name: 'wide', inputShape: [33]}), layers.dense({name: 'scores', units: 4})],
          }),
        message:
          "expected layer 'wide' to be a Dense with 1 × [33, 12] weights, got a ReLU with a kernel of shape []; " +
          'call fit on compression.model',
      },
    };
    for (const [name, {network, message}] of Object.entries(others)) {
      it(`${name}, before it trains`, async () => {
        await withPruned(wideNetwork(), async ({compression, x, y}) => {
          const other = network();
          await withOptimizer(other, 'sgd', () =>
            leavingAlone(other, async () => {
              const inputs = other.inputs.length === 2 ? [gaussianTensor([40, 4], 1), gaussianTensor([40, 5], 1)] : [x];
              const targets = other.inputs.length === 2 ? gaussianTensor([40, 2], 1) : y;
              const error = await errorOf(
                fit(other, inputs, targets, {verbose: 0, callbacks: maskGradients(compression) as never}),
              );
              expect(error).to.be.instanceOf(ModelError);
              expect(error.message).to.include(`maskGradients: ${message}`);
              [...inputs, targets].forEach((one) => {
                if (one !== x && one !== y) one.dispose();
              });
            }),
          );
          disposeModel(other);
        });
      });
    }
  });
});
