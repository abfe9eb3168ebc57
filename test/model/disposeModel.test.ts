import {memory} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, model as functional, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {disposeModel, isDisposed} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, randomize} from '../support/models/smallNetworks.ts';

onBackends(['cpu'], () => {
  describe('disposeModel', () => {
    for (const [what, make] of [
      ['a Sequential', denseNetwork],
      ['a model with a layer that is called twice', sharedNetwork],
    ] as const) {
      it(`frees every weight of ${what}, and does nothing the second time`, () => {
        const before = memory().numTensors;
        const network = make();
        expect(isDisposed(network)).to.equal(false);
        for (let i = 0; i < 2; i++) {
          disposeModel(network);
          expect(isDisposed(network)).to.equal(true);
          expect(memory().numTensors).to.equal(before);
        }
      });
    }

    it('isDisposed: one weight that is gone is enough', () => {
      const network = denseNetwork();
      network.layers[1].dispose();
      expect(isDisposed(network)).to.equal(true);
      network.layers[0].dispose();
    });
  });
});

/** 4 → 4 → 4 by one layer. */
function sharedNetwork(): LayersModel {
  const input = layers.input({shape: [4]});
  const shared = layers.dense({name: 'shared', units: 4});
  const network = functional({inputs: input, outputs: shared.apply(shared.apply(input)) as SymbolicTensor});
  randomize(network, 1);
  return network;
}
