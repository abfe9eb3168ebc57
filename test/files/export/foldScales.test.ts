import {mul, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  type LayersModel,
  model as modelOf,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {magnitudePrune, rtnQuantize} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {gaussianTensor, predictionsOf} from '../../support/models/smallNetworks.ts';
import {
  apply,
  convnet,
  kernelOf,
  relativeError,
  summary,
  trained,
  withExported,
} from '../../support/models/stockModels.ts';

onBackends(['wasm'], () => {
  describe('exportStock(compression, handler)', () => {
    let x: Tensor;
    before(() => {
      x = gaussianTensor([24, 9, 9, 2], 1);
    });
    after(() => {
      x.dispose();
    });

    for (const bits of [1, 2, 4, 8, 'ternary'] as const) {
      for (const [masked, prune] of [
        ['', []],
        [', half of them pruned', [magnitudePrune({sparsity: 0.5, include: ['conv', 'depthwise']})]],
      ] as const) {
        it(`one step per channel, ${bits} bits${masked}: the next layer takes them; same output to 1e-5`, async () => {
          await withExported(
            x,
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
        x,
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
        x,
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
          x,
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
  });
});

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
