import {tensor} from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  layers,
  type LayersModel,
  model as functional,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, loadPacked, pack, rtnQuantize} from 'tfjs-compress';
import {orderLayers} from '../../src/files/orderLayers.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {predictionsOf} from '../support/models/smallNetworks.ts';
import {collectArtifacts, giving} from '../support/models/smallPackedModels.ts';
import {uniforms} from '../support/numerics/randomMatrices.ts';

const WIDTH = 6;

describe('orderLayers', () => {
  it('turns a chain that is listed backwards', () => {
    const names = Array.from({length: 4000}, (_, i) => `r${i}`);
    const chain = names.map((name, i) => layer(name, i === 0 ? [] : [`r${i - 1}`])).reverse();
    orderLayers(chain);
    expect(chain.map(({name}) => name)).to.deep.equal(names);
  });

  it('leaves the order of a file where a layer is called on what came of its own output', () => {
    const list = [layer('in', []), layer('c', ['b']), layer('b', ['a', 'c']), layer('a', ['in'])];
    const looped = [...list, layer('d', ['in', 'd'])];
    orderLayers(looped);
    expect(looped.map(({name}) => name)).to.deep.equal(['in', 'c', 'b', 'a', 'd']);
  });
});

onBackends(['cpu'], () => {
  describe('loadPacked of layers that are called several times', () => {
    it('gives each call its own input: first on what is deep, then on the input of the model', async () => {
      const x = input({shape: [WIDTH]});
      const deep = dense('c').apply(dense('b').apply(x));
      const shared = dense('a');
      const outputs = layers.concatenate().apply([shared.apply(deep), shared.apply(x)] as SymbolicTensor[]);
      await expectSame(functional({inputs: x, outputs: outputs as SymbolicTensor}));
    });

    for (let seed = 1; seed <= 8; seed++) {
      it(`gives each call its own input: layers on outputs of each other and their own, graph ${seed}`, async () => {
        await expectSame(randomGraph(seed, (values) => values));
      });

      it(`gives each call its own input, in whatever order a file lists the layers, graph ${seed}`, async () => {
        const before = (values: readonly Value[], layer: number): readonly Value[] =>
          values.filter((value) => value.layer < layer);
        await expectSame(randomGraph(seed, before), uniforms(seed));
      });
    }
  });
});

/** A layer of a file, called on each of `inputs`. */
function layer(name: string, inputs: readonly string[]): {readonly name: string} & Record<string, unknown> {
  const inbound_nodes = inputs.map((from) => [[from, 0, 0, {}]]);
  return {class_name: inputs.length === 0 ? 'InputLayer' : 'Dense', name, config: {name}, inbound_nodes};
}

function dense(name: string): layers.Layer {
  const kernelInitializer = initializers.glorotUniform({seed: name.charCodeAt(name.length - 1)});
  return layers.dense({name, units: WIDTH, useBias: false, kernelInitializer});
}

interface Value {
  readonly tensor: SymbolicTensor;
  /** Its number among the layers; −1 for the input. */
  readonly layer: number;
}

/**
 * Each of a few layers is called once to three times, in any order.
 * @param choices the values that a layer may be called on, of those that are there
 */
function randomGraph(
  seed: number,
  choices: (values: readonly Value[], layer: number) => readonly Value[],
): LayersModel {
  const random = uniforms(100 + seed);
  const x = input({shape: [WIDTH]});
  const values: Value[] = [{tensor: x, layer: -1}];
  const pool = Array.from({length: 5}, (_, i) => dense(`layer${i}`));
  const calls = [...pool.keys()].flatMap((i) => Array<number>(1 + Math.floor(3 * random())).fill(i));
  while (calls.length > 0) {
    const [layer] = calls.splice(Math.floor(random() * calls.length), 1);
    const possible = choices(values, layer);
    const {tensor} = possible[Math.floor(random() * possible.length)];
    values.push({tensor: pool[layer].apply(tensor) as SymbolicTensor, layer});
  }
  const outputs = layers.concatenate().apply(values.slice(1).map(({tensor}) => tensor)) as SymbolicTensor;
  return functional({inputs: x, outputs});
}

/**
 * Packs, saves and loads a model, and expects the same predictions.
 * @param random shuffles the layers that the file lists
 */
async function expectSame(net: LayersModel, random?: () => number): Promise<void> {
  const values = uniforms(7);
  const numbers = Array.from({length: 16 * WIDTH}, () => values() - 0.5);
  const x = tensor(numbers, [16, WIDTH]);
  const {model} = await lastValueFrom(compress(net).pipe(calibrate(x), rtnQuantize({bits: 8, include: /./}), pack()));
  const artifacts = await collectArtifacts(model);
  if (random) {
    const {config} = artifacts.modelTopology as {readonly config: {readonly layers: object[]}};
    const keys = new Map(config.layers.map((one) => [one, random()]));
    config.layers.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
  }
  const loaded = await loadPacked(giving(artifacts), {verify: false});
  expect(await predictionsOf(loaded, x)).to.deep.equal(await predictionsOf(model, x));
  [net, model, loaded].forEach(disposeModel);
  x.dispose();
}
