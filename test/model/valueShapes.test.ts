import '@tensorflow/tfjs-backend-cpu';
import {input, layers, type LayersModel, model, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ModelError} from 'tfjs-compress';
import {listCalls} from '../../src/model/callList.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {valueShapes} from '../../src/model/valueShapes.ts';
import {onBackends} from '../support/backends/onBackends.ts';

onBackends(['cpu'], () => {
  describe('valueShapes(calls, inputShapes)', () => {
    let network: LayersModel;
    before(() => {
      network = openImages();
    });
    after(() => {
      disposeModel(network);
    });

    it('follows an image of an open size: 9 × 7 → 4 × 3 by a kernel of 3 at stride 2, then 12 pixels of 5', () => {
      expect(valueShapes(listCalls(network), [[9, 7, 2]])).to.deep.equal([
        [1, 9, 7, 2],
        [1, 4, 3, 5],
        [1, 5],
        [1, 3],
      ]);
    });

    it('refuses an image that is smaller than the kernel, and names the layer', () => {
      expect(() => valueShapes(listCalls(network), [[2, 7, 2]])).to.throw(ModelError, "layer 'windows'");
    });
  });

  it('valueShapes takes inputs in the order of the model, and lists both outputs of a layer called twice', () => {
    const [one, other] = [input({shape: [2]}), input({shape: [3, 2]})];
    const shared = layers.dense({units: 4});
    const network = model({
      inputs: [one, other],
      outputs: [shared.apply(one) as SymbolicTensor, shared.apply(other) as SymbolicTensor],
    });
    expect(valueShapes(listCalls(network), [[2], [3, 2]])).to.deep.equal([
      [1, 2],
      [1, 3, 2],
      [1, 4],
      [1, 3, 4],
    ]);
    disposeModel(network);
  });
});

function openImages(): LayersModel {
  const x = input({shape: [null, null, 2]});
  const windows = layers.conv2d({name: 'windows', filters: 5, kernelSize: 3, strides: 2}).apply(x);
  const mean = layers.globalAveragePooling2d({}).apply(windows);
  return model({inputs: x, outputs: layers.dense({units: 3}).apply(mean) as SymbolicTensor});
}
