import type {Tensor} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {findTargets, type LayerInfo} from '../../src/calibration/targets.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {createNetworkPair} from '../../src/model/networkPair.ts';
import {onBackends} from '../support/backends/onBackends.ts';

type Graph = SymbolicTensor;

const dense = (name: string, units = 4) => layers.dense({name, units});

/** The places of all layers that could be compressed, by name. */
async function layerInfosIn(network: LayersModel): Promise<Record<string, LayerInfo>> {
  const networks = await createNetworkPair(network, network);
  const places = Object.fromEntries(
    findTargets(networks, () => undefined).targets.map(({shadowLayer, info}) => [shadowLayer.name, info]),
  );
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
  return places;
}

async function lastIn(network: LayersModel): Promise<string[]> {
  return Object.entries(await layerInfosIn(network))
    .filter(([, {isLast}]) => isLast)
    .map(([name]) => name);
}

onBackends(['cpu'], () => {
  describe('findTargets(shadow).place', () => {
    it('gives number, total and fan-in: 3 · 3 · 2 of a convolution, 3 · 3 of a depthwise one', async () => {
      const places = await layerInfosIn(
        sequential({
          layers: [
            layers.conv2d({name: 'conv', filters: 5, kernelSize: 3, inputShape: [6, 6, 2]}),
            layers.depthwiseConv2d({name: 'depthwise', kernelSize: 3, depthMultiplier: 2}),
            layers.flatten(),
            dense('out', 3),
          ],
        }),
      );
      expect(places).to.deep.equal({
        conv: {name: 'conv', index: 0, total: 3, features: 18, isLast: false},
        depthwise: {name: 'depthwise', index: 1, total: 3, features: 9, isLast: false},
        out: {name: 'out', index: 2, total: 3, features: 40, isLast: true},
      });
    });

    it('is last where no other such layer comes after, whatever else does', async () => {
      expect(
        await lastIn(
          sequential({
            layers: [
              layers.dense({name: 'first', units: 4, inputShape: [6]}),
              dense('second'),
              layers.batchNormalization(),
              layers.softmax(),
            ],
          }),
        ),
      ).to.deep.equal(['second']);
    });

    it('is last for each of several outputs', async () => {
      const x = input({shape: [6]});
      const trunk = dense('trunk').apply(x) as Graph;
      expect(
        await lastIn(model({inputs: x, outputs: ['left', 'right'].map((name) => dense(name).apply(trunk) as Graph)})),
      ).to.deep.equal(['left', 'right']);
    });

    it('is last for both branches that are added up at the end, for neither before another layer', async () => {
      const branches = () => {
        const x = input({shape: [6]});
        return [
          x,
          layers.add().apply(['left', 'right'].map((name) => dense(name).apply(x) as Graph)) as Graph,
        ] as const;
      };
      const [a, sum] = branches();
      expect(await lastIn(model({inputs: a, outputs: sum}))).to.deep.equal(['left', 'right']);
      const [b, before] = branches();
      expect(await lastIn(model({inputs: b, outputs: dense('out').apply(before) as Graph}))).to.deep.equal(['out']);
    });

    it('of an output that is used inside as well is not last', async () => {
      const x = input({shape: [6]});
      const middle = dense('middle').apply(x) as Graph;
      expect(await lastIn(model({inputs: x, outputs: [middle, dense('out').apply(middle) as Graph]}))).to.deep.equal([
        'out',
      ]);
    });

    it('of a layer that is called on its own output is last where no other comes after', async () => {
      const x = input({shape: [6]});
      const twice = dense('twice', 6);
      expect(await lastIn(model({inputs: x, outputs: twice.apply(twice.apply(x)) as Graph}))).to.deep.equal(['twice']);
    });
  });
});
