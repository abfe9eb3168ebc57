import {memory} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {adoptWeights, cloneModel} from '../../src/model/cloneModel.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {layersOf} from '../../src/model/layersOf.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {examples} from '../support/models/models.ts';
import {randomize} from '../support/models/smallNetworks.ts';

onBackends(['cpu'], () => {
  describe('adoptWeights gives a model the weights of its copy, in the variables that it has', () => {
    for (const [name, example] of Object.entries(examples)) {
      it(`of ${name}`, async () => {
        const {model, inputs} = example();
        const copy = await cloneModel(model);
        randomize(copy, 5);
        const [ids, tensors] = [idsOf(model), memory().numTensors];
        adoptWeights(model, copy);
        expect(memory().numTensors).to.equal(tensors);
        expect(idsOf(model)).to.deep.equal(ids);
        expect(await byLayer(model)).to.deep.equal(await byLayer(copy));
        [model, copy].forEach(disposeModel);
        inputs.forEach((input) => {
          input.dispose();
        });
      });
    }

    it('of a model with a frozen layer and a frozen nested model', async () => {
      const {model, inputs} = examples['a model in a model in a model']();
      model.layers.forEach((layer) => {
        layer.trainable = false;
      });
      const copy = await cloneModel(model);
      randomize(copy, 6);
      adoptWeights(model, copy);
      expect(await byLayer(model)).to.deep.equal(await byLayer(copy));
      [model, copy].forEach(disposeModel);
      inputs.forEach((input) => {
        input.dispose();
      });
    });
  });
});

function idsOf(model: LayersModel): number[] {
  return model.weights.map((weight) => weight.read().id);
}

async function byLayer(model: LayersModel): Promise<Record<string, number[][]>> {
  const entries = layersOf(model).map(
    async (layer) =>
      [
        layer.name,
        await Promise.all(layer.getWeights().map(async (weight) => Array.from(await weight.data()))),
      ] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
