import 'tfjs-compress/plugins/wasm';
import {layers, LayersModel, model as functional, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, maskGradients, spfqCompress, spfqPrune} from 'tfjs-compress';
import {cloneModel} from '../../src/model/cloneModel.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {masksOf, prunableConvnet, wideNetwork} from '../support/models/prunableNetworks.ts';
import {randomize} from '../support/models/smallNetworks.ts';
import {expectKept} from '../support/models/trainings.ts';
import {byMagnitude, kernelOf, withOptimizer, withPruned, zeros} from '../support/models/trainings.ts';

onBackends(['wasm', 'cpu', 'webgpu'], (backend) => {
  describe('maskGradients', () => {
    for (const optimizer of backend === 'webgpu' ? (['adam'] as const) : (['sgd', 'adam', 'momentum'] as const)) {
      it(`with ${optimizer}: pruned weights are exactly 0 after 3 epochs, the others have moved`, async () => {
        await withPruned(wideNetwork(), async ({compression, x, y}) => {
          const before = await kernelOf(compression.model, 'wide');
          await withOptimizer(compression.model, optimizer, () =>
            compression.model.fit(x, y, {epochs: 3, verbose: 0, callbacks: maskGradients(compression)}),
          );
          const after = await kernelOf(compression.model, 'wide');
          expect(zeros(before)).to.equal(Math.round(0.6 * 33 * 12));
          expect(before.every((weight, i) => (weight === 0 ? Object.is(after[i], 0) : after[i] !== weight))).to.equal(
            true,
          );
        });
      });
    }

    it('without it they would move', async () => {
      await withPruned(wideNetwork(), async ({compression, x, y}) => {
        await withOptimizer(compression.model, 'adam', () => compression.model.fit(x, y, {epochs: 1, verbose: 0}));
        expect(zeros(await kernelOf(compression.model, 'wide'))).to.be.lessThan(10);
      });
    });
  });
});

onBackends(['wasm', 'cpu'], () => {
  describe('maskGradients', () => {
    it('of a convnet: Conv2D and Dense', async () => {
      await withPruned(prunableConvnet(), async ({compression, x, y}) => {
        const before = [await kernelOf(compression.model, 'conv'), await kernelOf(compression.model, 'hidden')];
        // tfjs has no gradient of a depthwise convolution on wasm.
        compression.model.getLayer('depthwise').trainable = false;
        await withOptimizer(compression.model, 'adam', () =>
          compression.model.fit(x, y, {epochs: 3, batchSize: 20, verbose: 0, callbacks: maskGradients(compression)}),
        );
        for (const [i, name] of ['conv', 'hidden'].entries())
          expectKept(before[i], await kernelOf(compression.model, name));
      });
    });

    it('of quantized layers: zeros stay, the other weights leave their letters', async () => {
      await withPruned(
        wideNetwork(),
        async ({compression, x, y}) => {
          const [letters, mask] = [await kernelOf(compression.model, 'wide'), masksOf(compression.layers[0])];
          await withOptimizer(compression.model, 'adam', () =>
            compression.model.fit(x, y, {epochs: 2, verbose: 0, callbacks: maskGradients(compression)}),
          );
          // A kept weight may have the letter 0.
          expectKept(
            letters.map((letter, i) => (mask[i] === 0 ? 0 : letter || Number.EPSILON)),
            await kernelOf(compression.model, 'wide'),
          );
        },
        (network, x) =>
          lastValueFrom(
            compress(network).pipe(calibrate(x), spfqCompress({sparsity: 0.5, bits: 4, samples: 1, scale: 'mse'})),
          ),
      );
    });

    it('of a copy of the compressed model', async () => {
      await withPruned(wideNetwork(), async ({compression, x, y}) => {
        const copy = await cloneModel(compression.model);
        const before = await kernelOf(compression.model, 'wide');
        await withOptimizer(copy, 'adam', () =>
          copy.fit(x, y, {epochs: 2, verbose: 0, callbacks: maskGradients(compression)}),
        );
        expectKept(before, Array.from(await copy.getLayer('wide').getWeights()[0].data()));
        expect(await kernelOf(compression.model, 'wide')).to.deep.equal(before);
        disposeModel(copy);
      });
    });
  });
});

onBackends(['cpu'], () => {
  describe('maskGradients', () => {
    it('of a DepthwiseConv2D, each channel with a mask of its own', async () => {
      const network = sequential({
        layers: [
          layers.depthwiseConv2d({name: 'depthwise', kernelSize: 3, depthMultiplier: 2, inputShape: [6, 6, 4]}),
          layers.flatten(),
          layers.dense({name: 'out', units: 3}),
        ],
      });
      randomize(network, 3);
      await withPruned(
        network,
        async ({compression, x, y}) => {
          const before = await kernelOf(compression.model, 'depthwise');
          expect(zeros(before)).to.equal(36);
          await withOptimizer(compression.model, 'adam', () =>
            compression.model.fit(x, y, {epochs: 2, verbose: 0, callbacks: maskGradients(compression)}),
          );
          expectKept(before, await kernelOf(compression.model, 'depthwise'));
        },
        (given, x) =>
          lastValueFrom(
            compress(given).pipe(calibrate(x), spfqPrune({sparsity: 0.5, mask: 'magnitude', include: 'depthwise'})),
          ),
      );
    });
  });
});

onBackends(['wasm'], () => {
  describe('maskGradients', () => {
    it('of layers in a nested model, of a layer that is called twice, and of one that is not trainable', async () => {
      await withPruned(
        nestedNetwork(),
        async ({compression, x, y}) => {
          const names = ['inner', 'shared', 'frozen'];
          const before = await Promise.all(names.map((name) => kernelIn(compression.model, name)));
          expect(before.map(zeros).every((count) => count > 0)).to.equal(true);
          await withOptimizer(compression.model, 'adam', () =>
            compression.model.fit(x, y, {epochs: 2, verbose: 0, callbacks: maskGradients(compression)}),
          );
          const after = await Promise.all(names.map((name) => kernelIn(compression.model, name)));
          expectKept(before[0], after[0]);
          expectKept(before[1], after[1]);
          expect(after[2]).to.deep.equal(before[2]);
        },
        (network, x) =>
          lastValueFrom(
            compress(network).pipe(calibrate(x), spfqPrune({...byMagnitude, include: ['inner', 'shared', 'frozen']})),
          ),
      );
    });
  });
});

/** 33 → inner (nested) → shared, called twice → frozen → 4. */
function nestedNetwork(): LayersModel {
  const nested = sequential({
    name: 'nested',
    layers: [layers.dense({name: 'inner', units: 16, inputShape: [33], activation: 'relu'})],
  });
  const input = layers.input({shape: [33]});
  const shared = layers.dense({name: 'shared', units: 16, activation: 'tanh'});
  const twice = shared.apply(shared.apply(nested.apply(input)));
  const frozen = layers.dense({name: 'frozen', units: 8, trainable: false}).apply(twice);
  const network = functional({
    inputs: input,
    outputs: layers.dense({name: 'out', units: 4}).apply(frozen) as SymbolicTensor,
  });
  randomize(network, 4);
  return network;
}

/** The kernel of a layer, of a nested model too. */
async function kernelIn(network: LayersModel, name: string): Promise<number[]> {
  const nested = network.layers.find(
    (layer) => layer instanceof LayersModel && layer.layers.some((one) => one.name === name),
  );
  return kernelOf(nested instanceof LayersModel ? nested : network, name);
}
