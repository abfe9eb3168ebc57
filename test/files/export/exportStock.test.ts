import {io, memory, type Tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  compress,
  exportStock,
  magnitudePrune,
  ModelError,
  OptionError,
  pack,
  rtnQuantize,
} from 'tfjs-compress';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {gaussianTensor, predictionsOf, weightsOf} from '../../support/models/smallNetworks.ts';
import {convnet, kernelOf, summary, UNDIVIDED, withExported} from '../../support/models/stockModels.ts';
import {pattern} from '../../support/pattern.ts';

onBackends(['wasm'], () => {
  describe('exportStock(compression, handler)', () => {
    let x: Tensor;
    before(() => {
      x = gaussianTensor([24, 9, 9, 2], 1);
    });
    after(() => {
      x.dispose();
    });

    for (const bits of [1, 2, 3, 4, 5, 6, 7, 8, 'ternary'] as const) {
      for (const [masked, prune] of [
        ['', []],
        [', half of them pruned', [magnitudePrune({sparsity: 0.5, include: UNDIVIDED})]],
      ] as const) {
        it(`one step per layer, ${bits} bits${masked}: tfjs loads every weight exactly, from one byte`, async () => {
          await withExported(
            x,
            convnet(),
            [...prune, rtnQuantize({bits, granularity: 'tensor', include: UNDIVIDED})],
            async ({compression, report, loaded}) => {
              expect(summary(report)).to.deep.equal(UNDIVIDED.map((name) => `${name}: uint8, exact`));
              expect(await weightsOf(loaded)).to.deep.equal(await weightsOf(compression.model));
              expect(report.layers.map(({bytes, weights}) => bytes / weights)).to.deep.equal([1, 1, 1]);
            },
          );
        });
      }
    }

    it('with groups of features, pruned weights stay 0 in 16 bits', async () => {
      await withExported(
        x,
        convnet(),
        [magnitudePrune({sparsity: 0.5, include: /./}), rtnQuantize({bits: 3, granularity: {group: 4}})],
        async ({compression, report, loaded}) => {
          const [expected, found] = await Promise.all(
            [compression.model, loaded].map((one) => kernelOf(one, 'hidden')),
          );
          expect(report.layers[2].method).to.be.oneOf(['uint16', 'float16']);
          expect(found.map((weight) => weight === 0)).to.deep.equal(expected.map((weight) => weight === 0));
        },
      );
    });

    it('layers that were pruned only stay float32, bit by bit', async () => {
      await withExported(
        x,
        convnet(),
        [magnitudePrune({sparsity: 0.5, include: /./})],
        async ({compression, report, loaded}) => {
          expect(summary(report)).to.deep.equal(
            ['conv', 'depthwise', 'hidden', 'scores'].map((name) => `${name}: float32, exact`),
          );
          expect(await weightsOf(loaded)).to.deep.equal(await weightsOf(compression.model));
        },
      );
    });

    it('frozen layers, whose weights are stored in another order, come back right', async () => {
      const network = convnet();
      network.layers[0].trainable = false;
      await withExported(
        x,
        network,
        [rtnQuantize({bits: 4, granularity: 'tensor', include: UNDIVIDED})],
        async ({compression, loaded}) => {
          expect(await kernelOf(loaded, 'conv')).to.deep.equal(await kernelOf(compression.model, 'conv'));
          expect(await predictionsOf(loaded, x)).to.deep.equal(await predictionsOf(compression.model, x));
        },
      );
    });

    it('all weights are in one buffer, and the report has their bytes', async () => {
      await withExported(
        x,
        convnet(),
        [rtnQuantize({bits: 4, granularity: 'tensor', include: UNDIVIDED})],
        async ({report, artifacts, compression}) => {
          const parameters = compression.model.countParams();
          const letters = report.layers.reduce((sum, {weights}) => sum + weights, 0);
          expect(artifacts.weightData).to.be.instanceOf(ArrayBuffer);
          expect(report.bytes)
            .to.equal((artifacts.weightData as ArrayBuffer).byteLength)
            .and.to.equal(letters + 4 * (parameters - letters));
        },
      );
    });

    it('its table says the form of each layer', async () => {
      await withExported(x, convnet(), [rtnQuantize({bits: 4})], async ({report}) => {
        expect(String(report)).to.match(
          pattern(
            /^layer +type +written as +max error +weights +bytes\nconv +Conv2D +uint8, scales folded into /,
            /norm +exact +90 +90\n/,
          ),
        );
        expect(String(report)).to.match(/\nscores +Dense +uint16 +\S+ of \S+ +48 +96\nweights: \d+ bytes/);
      });
    });

    it('the compression is left as it was, and no tensor behind', async () => {
      const network = convnet();
      const compression = await lastValueFrom(compress(network).pipe(calibrate(x), rtnQuantize({bits: 4})));
      const [before, tensors] = [await weightsOf(compression.model), memory().numTensors];
      await exportStock(
        compression,
        io.withSaveHandler(async () => ({modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}})),
      );
      expect(memory().numTensors).to.equal(tensors);
      expect(await weightsOf(compression.model)).to.deep.equal(before);
      compression.dispose();
      disposeModel(network);
    });

    it('what cannot be exported is refused, and says why', async () => {
      const network = convnet();
      const plain = await lastValueFrom(compress(network));
      const letters = await lastValueFrom(compress(network).pipe(calibrate(x), rtnQuantize({bits: 4})));
      const packed = await lastValueFrom(compress(network).pipe(calibrate(x), rtnQuantize({bits: 4}), pack()));
      const nowhere = io.withSaveHandler(async () => ({
        modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'},
      }));
      const refusals: Array<readonly [Promise<unknown>, new (...args: never[]) => Error, string]> = [
        [exportStock(plain, nowhere), ModelError, 'exportStock: expected a compression with compressed layers'],
        [exportStock(packed, nowhere), ModelError, 'export before pack()'],
        [
          exportStock(letters, 'nothing://here'),
          OptionError,
          "exportStock: expected `handler` to be an IOHandler with `save`, or a URL of one, got 'nothing://here'",
        ],
        [exportStock(letters, {}), OptionError, 'exportStock: expected `handler`'],
      ];
      for (const [refused, type, text] of refusals) {
        const error: unknown = await refused.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).to.be.instanceOf(type).with.property('message').that.contains(text);
      }
      packed.dispose();
      letters.dispose();
      expect(await exportStock(letters, nowhere).catch(String)).to.contain('expected a live model');
      network.dispose();
    });
  });
});
