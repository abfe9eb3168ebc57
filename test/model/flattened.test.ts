import {concat, dispose, type Tensor} from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  type LayersModel,
  model as modelOf,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussianTensor, randomize} from '../support/models/smallNetworks.ts';

const symbolic = (layer: layers.Layer, value: SymbolicTensor | SymbolicTensor[]): SymbolicTensor =>
  layer.apply(value) as SymbolicTensor;
const wide = () => layers.dense({name: 'wide', units: 12, activation: 'relu'});
const narrow = () => layers.dense({name: 'narrow', units: 7, activation: 'tanh'});
const scores = () => layers.dense({name: 'scores', units: 3});

function flat(): LayersModel {
  const x = input({name: 'x', shape: [9]});
  return modelOf({inputs: x, outputs: symbolic(scores(), symbolic(narrow(), symbolic(wide(), x)))});
}

/** The same layers, two of them in a model in a model. */
function nested(): LayersModel {
  const innermost = input({name: 'innermost', shape: [9]});
  const one = modelOf({name: 'one', inputs: innermost, outputs: symbolic(wide(), innermost)});
  const inner = input({name: 'inner', shape: [9]});
  const two = modelOf({name: 'two', inputs: inner, outputs: symbolic(narrow(), symbolic(one, inner))});
  const x = input({name: 'x', shape: [9]});
  return modelOf({inputs: x, outputs: symbolic(scores(), symbolic(two, x))});
}

/** A layer called on two inputs. */
function shared(): LayersModel {
  const [one, other] = [input({name: 'one', shape: [9]}), input({name: 'other', shape: [9]})];
  const layer = wide();
  return modelOf({inputs: [one, other], outputs: [symbolic(layer, one), symbolic(layer, other)]});
}

/** Codes of all layers, by name. */
async function codesOf(network: LayersModel, data: Tensor | Tensor[]): Promise<Record<string, number[]>> {
  const {layers: compressed, dispose: free} = await lastValueFrom(
    compress(network, {seed: 5}).pipe(
      calibrate(data, {batchSize: 32}),
      spfqPrune({sparsity: 0.5, include: 'wide'}),
      spfqQuantize({bits: 2}),
    ),
  );
  free();
  return Object.fromEntries(
    compressed.map(({name, ...layer}) => [
      name,
      layer.kind === 'quantized' ? layer.matrices.flatMap(({codes}) => Array.from(codes)) : [],
    ]),
  );
}

onBackends(['cpu', 'wasm'], () => {
  it('layers of models in models have the codes that they have on their own', async () => {
    const [one, other, x] = [flat(), nested(), gaussianTensor([90, 9], 1)];
    randomize(one, 4);
    other.setWeights(one.getWeights());
    const [own, inside] = [await codesOf(one, x), await codesOf(other, x)];
    expect(Object.keys(own)).to.deep.equal(['wide', 'narrow', 'scores']);
    expect(inside).to.deep.equal(own);
    [one, other].forEach(disposeModel);
    x.dispose();
  });

  it('a layer called twice has the codes that it has called once on all of its inputs', async () => {
    const twice = shared();
    const once = sequential({layers: [layers.dense({name: 'wide', units: 12, activation: 'relu', inputShape: [9]})]});
    randomize(twice, 4);
    once.setWeights(twice.getWeights());
    // Few enough that no row is held out: which ones are depends on how many a sample has.
    const inputs = [gaussianTensor([7, 9], 1), gaussianTensor([7, 9], 2)];
    const together = concat(inputs);
    const [own, single] = [await codesOf(twice, inputs), await codesOf(once, together)];
    expect(own['wide'].length).to.equal(9 * 12);
    expect(own).to.deep.equal(single);
    [twice, once].forEach(disposeModel);
    dispose([...inputs, together]);
  });
});
