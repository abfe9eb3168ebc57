import type {Tensor} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {findBiasTarget} from '../../src/calibration/biasTarget.ts';
import {findTargets} from '../../src/calibration/targets.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {createNetworkPair} from '../../src/model/networkPair.ts';
import {onBackends} from '../support/backends/onBackends.ts';

type Graph = SymbolicTensor;

const bare = (options: object = {}) => layers.dense({name: 'bare', units: 4, useBias: false, ...options});
const norm = (options: object = {}) => layers.batchNormalization({name: 'norm', ...options});

/** The place of the first layer with a matrix: the layer's name, the weight's number, the sign. */
async function biasTargetIn(network: LayersModel): Promise<readonly [string, number, number] | undefined> {
  const networks = await createNetworkPair(network, network);
  const {
    targets: [target],
  } = findTargets(networks, () => undefined);
  const place = findBiasTarget(target, networks);
  if (place) {
    expect(networks.shadowModel.layers).to.include(place.layer);
    expect(network.layers).to.include(place.original);
  }
  const found = place && ([place.layer.name, place.weight, place.sign] as const);
  const own: Tensor[] = [network, networks.shadowModel].flatMap((one) =>
    one.layers.flatMap((layer) => layer.getWeights()),
  );
  disposeModel(networks.shadowModel);
  disposeModel(network);
  own
    .filter(({isDisposed}) => !isDisposed)
    .forEach((weight) => {
      weight.dispose();
    }); // tfjs leaves the weights of layers that are called twice
  return found;
}

function afterBare(use: (hidden: Graph) => Graph | Graph[], options: object = {}): LayersModel {
  const x = input({shape: [6]});
  return model({inputs: x, outputs: use(bare(options).apply(x) as Graph)});
}

onBackends(['cpu'], () => {
  describe('findBiasTarget(target)', () => {
    for (const [what, build, place] of [
      [
        "is the layer's own bias",
        () => sequential({layers: [layers.dense({name: 'own', units: 4, inputShape: [6]}), norm()]}),
        ['own', 1, 1],
      ],
      [
        'of a layer without bias is the moving mean of the BatchNormalization behind it',
        () => sequential({layers: [bare({inputShape: [6]}), norm()]}),
        ['norm', 2, -1],
      ],
      [
        'counts weights from the last: without gamma and beta the moving mean is the first',
        () => sequential({layers: [bare({inputShape: [6]}), norm({scale: false, center: false})]}),
        ['norm', 0, -1],
      ],
      [
        'is that of a convolution, too',
        () =>
          sequential({
            layers: [
              layers.conv2d({name: 'conv', filters: 3, kernelSize: 3, useBias: false, inputShape: [5, 5, 2]}),
              norm(),
            ],
          }),
        ['norm', 2, -1],
      ],
      [
        'is that of a depthwise convolution, too',
        () =>
          sequential({
            layers: [
              layers.depthwiseConv2d({name: 'conv', kernelSize: 3, useBias: false, inputShape: [5, 5, 2]}),
              norm(),
            ],
          }),
        ['norm', 2, -1],
      ],
    ] as const) {
      it(what, async () => {
        expect(await biasTargetIn(build())).to.deep.equal(place);
      });
    }

    for (const [what, build] of [
      ['nothing follows', () => sequential({layers: [bare({inputShape: [6]})]})],
      [
        'an activation of the layer lies between',
        () => sequential({layers: [bare({inputShape: [6], activation: 'relu'}), norm()]}),
      ],
      [
        'an activation layer lies between',
        () => sequential({layers: [bare({inputShape: [6]}), layers.reLU(), norm()]}),
      ],
      [
        'the output is used elsewhere, in a residual connection',
        () => afterBare((hidden) => layers.add().apply([hidden, norm().apply(hidden) as Graph]) as Graph),
      ],
      ['the output is an output of the model', () => afterBare((hidden) => [hidden, norm().apply(hidden) as Graph])],
      [
        'two BatchNormalizations follow',
        () => afterBare((hidden) => [norm().apply(hidden) as Graph, norm({name: 'other'}).apply(hidden) as Graph]),
      ],
      [
        'another axis is normalized',
        () =>
          sequential({
            layers: [
              layers.conv1d({name: 'conv', filters: 3, kernelSize: 2, useBias: false, inputShape: [5, 2]}),
              norm({axis: 1}),
            ],
          }),
      ],
      [
        'the BatchNormalization is called on another output as well',
        () => {
          const x = input({shape: [6]});
          const shared = norm();
          return model({
            inputs: x,
            outputs: [bare().apply(x) as Graph, layers.dense({units: 4}).apply(x) as Graph].map(
              (hidden) => shared.apply(hidden) as Graph,
            ),
          });
        },
      ],
      [
        'the layer is called twice, and one call goes elsewhere',
        () => {
          const [a, b] = [input({shape: [6]}), input({shape: [6]})];
          const counterpart = bare();
          return model({
            inputs: [a, b],
            outputs: [norm().apply(counterpart.apply(a)) as Graph, layers.reLU().apply(counterpart.apply(b)) as Graph],
          });
        },
      ],
      [
        'the layer is called twice, and each call has a BatchNormalization of its own',
        () => {
          const [a, b] = [input({shape: [6]}), input({shape: [6]})];
          const counterpart = bare();
          return model({
            inputs: [a, b],
            outputs: [
              norm().apply(counterpart.apply(a)) as Graph,
              norm({name: 'other'}).apply(counterpart.apply(b)) as Graph,
            ],
          });
        },
      ],
    ] as const) {
      it(`is nowhere for a layer without bias where ${what}`, async () => {
        expect(await biasTargetIn(build())).to.equal(undefined);
      });
    }

    it('of a layer called twice is one BatchNormalization that takes both', async () => {
      const [a, b] = [input({shape: [6]}), input({shape: [6]})];
      const [counterpart, shared] = [bare(), norm()];
      expect(
        await biasTargetIn(
          model({inputs: [a, b], outputs: [a, b].map((x) => shared.apply(counterpart.apply(x) as Graph) as Graph)}),
        ),
      ).to.deep.equal(['norm', 2, -1]);
    });
  });
});
