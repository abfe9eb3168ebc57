import {abs, add, io, memory, mul, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  type LayersModel,
  loadLayersModel,
  model as modelOf,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  exportStock,
  magnitudePrune,
  ModelError,
  OptionError,
  pack,
  rtnQuantize,
  type StockLayer,
  type StockReport,
} from 'tfjs-compress';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {gaussianTensor, predictionsOf, randomize, weightsOf} from '../../support/models/smallNetworks.ts';

type Stage = OperatorFunction<Compression, Compression>;

/** Layers of one problem: a step per layer is one step. */
const UNDIVIDED = ['conv', 'hidden', 'scores'];

/** What was exported, and what tfjs alone makes of it. */
interface Exported {
  readonly compression: Compression;
  readonly report: StockReport;
  readonly artifacts: io.ModelArtifacts;
  readonly loaded: LayersModel;
}

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
        it(`one step per layer, ${bits} bits${masked}: tfjs loads every weight bit by bit from one byte each`, async () => {
          await withExported(
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

    for (const bits of [1, 2, 4, 8, 'ternary'] as const) {
      for (const [masked, prune] of [
        ['', []],
        [', half of them pruned', [magnitudePrune({sparsity: 0.5, include: ['conv', 'depthwise']})]],
      ] as const) {
        it(`one step per channel, ${bits} bits${masked}: steps go into what follows, and the model predicts the same to 1e-5`, async () => {
          await withExported(
            convnet(),
            [...prune, rtnQuantize({bits, include: ['conv', 'depthwise']})],
            async ({compression, report, loaded}) => {
              expect(summary(report)).to.deep.equal(['conv: uint8 → norm, exact', 'depthwise: uint8 → hidden, exact']);
              expect(
                relativeError(await predictionsOf(loaded, x), await predictionsOf(compression.model, x)),
              ).to.be.below(1e-5);
            },
          );
        });
      }
    }

    it('a BatchNormalization without gamma takes the steps in its variance', async () => {
      const network = sequential({
        layers: [
          layers.conv2d({name: 'conv', inputShape: [9, 9, 2], filters: 5, kernelSize: 3}),
          layers.reLU(),
          layers.globalAveragePooling2d({}),
          layers.batchNormalization({name: 'norm', scale: false}),
          layers.dense({name: 'scores', units: 4}),
        ],
      });
      await withExported(
        trained(network),
        [rtnQuantize({bits: 4, include: ['conv']})],
        async ({compression, report, loaded}) => {
          expect(summary(report)).to.deep.equal(['conv: uint8 → norm, exact']);
          expect(relativeError(await predictionsOf(loaded, x), await predictionsOf(compression.model, x))).to.be.below(
            1e-5,
          );
        },
      );
    });

    it('a channel without weights keeps its bias', async () => {
      const network = convnet();
      const [kernel, bias] = network.layers[0].getWeights();
      const emptied = tidy(() => mul(kernel, [1, 0, 1, 1, 1]));
      network.layers[0].setWeights([emptied, bias]);
      emptied.dispose();
      await withExported(
        network,
        [rtnQuantize({bits: 3, include: ['conv']})],
        async ({compression, report, loaded}) => {
          expect(summary(report)).to.deep.equal(['conv: uint8 → norm, exact']);
          expect(relativeError(await predictionsOf(loaded, x), await predictionsOf(compression.model, x))).to.be.below(
            1e-5,
          );
        },
      );
    });

    for (const [why, network] of [
      ['its output is also that of the model', () => branched((conv, norm) => [norm, conv])],
      ['another layer takes it, too', () => branched((conv, norm) => [apply(layers.add(), [conv, norm])])],
      ['its activation is not homogeneous', () => branched((_, norm) => [norm], 'tanh')],
      ['it is called more than once', () => twice()],
    ] as const) {
      it(`steps stay where they are if ${why}: 16 bits, and the error is that of the report`, async () => {
        await withExported(
          network(),
          [rtnQuantize({bits: 4, include: ['conv']})],
          async ({
            compression,
            report: {
              layers: [layer],
            },
            loaded,
          }) => {
            const [expected, found] = await Promise.all(
              [compression.model, loaded].map((one) => kernelOf(one, 'conv')),
            );
            expect(layer.method).to.be.oneOf(['uint16', 'float16']);
            expect(layer.maxError)
              .to.equal(Math.max(...expected.map((weight, i) => Math.abs(weight - found[i]))))
              .and.to.be.below(1e-4);
            expect(layer.bytes).to.equal(2 * layer.weights);
          },
        );
      });
    }

    it('with groups of features, pruned weights stay 0 in 16 bits', async () => {
      await withExported(
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
      await withExported(convnet(), [rtnQuantize({bits: 4})], async ({report}) => {
        expect(String(report)).to.match(
          /^layer +type +written as +max error +weights +bytes\nconv +Conv2D +uint8, scales folded into norm +exact +90 +90\n/,
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

    /** Exports, has tfjs load the file, and frees everything. */
    async function withExported(
      network: LayersModel,
      stages: readonly Stage[],
      look: (exported: Exported) => Promise<void>,
    ): Promise<void> {
      const start = compress(network).pipe(calibrate(x));
      const compression = await lastValueFrom(stages.reduce((compressed$, stage) => compressed$.pipe(stage), start));
      let artifacts: io.ModelArtifacts = {};
      const report = await exportStock(
        compression,
        io.withSaveHandler(async (saved) => {
          artifacts = {...(JSON.parse(JSON.stringify(saved)) as io.ModelArtifacts), weightData: saved.weightData ?? []};
          return {modelArtifactsInfo: io.getModelArtifactsInfoForJSON(saved)};
        }),
      );
      const loaded = await loadLayersModel(io.fromMemory(artifacts));
      await look({compression, report, artifacts, loaded});
      disposeModel(loaded);
      compression.dispose();
      disposeModel(network);
    }
  });
});

/** Convolution → ReLU → pooling → normalization → depthwise → flattening → two Dense. */
function convnet(): LayersModel {
  return trained(
    sequential({
      layers: [
        layers.conv2d({name: 'conv', inputShape: [9, 9, 2], filters: 5, kernelSize: 3, activation: 'relu'}),
        layers.maxPooling2d({poolSize: 2}),
        layers.batchNormalization({name: 'norm'}),
        layers.depthwiseConv2d({name: 'depthwise', kernelSize: 2, depthMultiplier: 2}),
        layers.flatten(),
        layers.dense({name: 'hidden', units: 12, activation: 'tanh'}),
        layers.dense({name: 'scores', units: 4, activation: 'softmax'}),
      ],
    }),
  );
}

/** A convolution and a normalization of it, and outputs made of both. */
function branched(
  outputs: (conv: SymbolicTensor, norm: SymbolicTensor) => SymbolicTensor[],
  activation: 'relu' | 'tanh' = 'relu',
): LayersModel {
  const image = input({shape: [9, 9, 2]});
  const conv = apply(layers.conv2d({name: 'conv', filters: 5, kernelSize: 3, activation}), image);
  return trained(
    modelOf({inputs: image, outputs: outputs(conv, apply(layers.batchNormalization({name: 'norm'}), conv))}),
  );
}

function twice(): LayersModel {
  const image = input({shape: [9, 9, 2]});
  const conv = layers.conv2d({name: 'conv', filters: 2, kernelSize: 3, padding: 'same'});
  return trained(
    modelOf({
      inputs: image,
      outputs: apply(layers.batchNormalization({name: 'norm'}), apply(conv, apply(conv, image))),
    }),
  );
}

function apply(layer: layers.Layer, inputs: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  return layer.apply(inputs) as SymbolicTensor;
}

/** Random weights, variances above 0. */
function trained(network: LayersModel): LayersModel {
  randomize(network, 5);
  for (const layer of network.layers.filter((one) => one.getClassName() === 'BatchNormalization')) {
    const [variance] = layer.getWeights().slice(-1);
    const positive = tidy(() => add(abs(variance), 0.1));
    layer.setWeights([...layer.getWeights().slice(0, -1), positive]);
    positive.dispose();
  }
  return network;
}

function summary({layers: all}: StockReport): string[] {
  const text = ({name, method, foldedInto, exact}: StockLayer): string =>
    `${name}: ${method}${foldedInto === undefined ? '' : ` → ${foldedInto}`}${exact ? ', exact' : ''}`;
  return all.map(text);
}

async function kernelOf(network: LayersModel, name: string): Promise<number[]> {
  return Array.from(await network.getLayer(name).getWeights()[0].data());
}

/** The largest difference, over the largest number. */
function relativeError(found: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((one, i) => Math.abs(one - found[i]))) / Math.max(...expected.map(Math.abs));
}
