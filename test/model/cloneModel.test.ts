import '@tensorflow/tfjs-backend-cpu';
import {dispose, type Tensor, tidy, zerosLike} from '@tensorflow/tfjs-core';
import {initializers, layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ModelError} from 'tfjs-compress';
import {cloneModel} from '../../src/model/cloneModel.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {chain, examples} from '../support/models/models.ts';

onBackends(['cpu'], () => {
  describe('cloneModel', () => {
    for (const [name, make] of Object.entries(examples)) {
      it(`of a model with ${name} has the same outputs, names and weights`, async () => {
        const {model, inputs} = make();
        const clone = await cloneModel(model);
        expect(await valuesOf(clone.predict(inputs.length === 1 ? inputs[0] : inputs))).to.deep.equal(
          await valuesOf(model.predict(inputs.length === 1 ? inputs[0] : inputs)),
        );
        expect(clone.layers.map(({name: own}) => own)).to.deep.equal(model.layers.map(({name: own}) => own));
        expect(await valuesOf(clone.getWeights(), false)).to.deep.equal(await valuesOf(model.getWeights(), false));
        disposeModel(model);
        disposeModel(clone);
        dispose(inputs);
      });
    }

    it('needs no initializer: an orthogonal one takes seconds, and a chained op that is not loaded here', async () => {
      const lstm = layers.lstm({units: 3, recurrentInitializer: 'glorotNormal', inputShape: [4, 2]});
      const model = sequential({layers: [lstm]});
      Reflect.set(lstm.cell, 'recurrentInitializer', initializers.orthogonal({}));
      const clone = await cloneModel(model);
      expect(JSON.stringify(clone.toJSON())).to.contain('Orthogonal');
      expect(await valuesOf(clone.getWeights(), false)).to.deep.equal(await valuesOf(model.getWeights(), false));
      disposeModel(clone);
      model.dispose();
    });

    it('shares no weight with the model', async () => {
      const model = chain([5, 4]);
      const clone = await cloneModel(model);
      const before = await valuesOf(model.getWeights(), false);
      tidy(() => {
        clone.setWeights(clone.getWeights().map((weight) => zerosLike(weight)));
      });
      expect(await valuesOf(model.getWeights(), false)).to.deep.equal(before);
      clone.dispose();
      model.dispose();
    });

    // The order of a model's weights depends on what is trainable; one layer of each pair has the shape of the other.
    for (const [name, freeze] of Object.entries<(model: LayersModel, nested: LayersModel) => void>({
      'a frozen layer': (model) => {
        model.layers[1].trainable = false;
      },
      'a frozen nested model': (_model, nested) => {
        nested.trainable = false;
      },
      'a frozen layer of a nested model': (_model, nested) => {
        nested.layers[1].trainable = false;
      },
      'everything frozen': (model) => {
        model.trainable = false;
      },
    })) {
      it(`keeps every weight in its place with ${name}`, async () => {
        const nested = chain([6, 6]);
        const model = sequential({
          layers: [
            layers.dense({inputShape: [6], units: 6, kernelInitializer: initializers.randomNormal({seed: 1})}),
            nested,
            layers.dense({units: 6, kernelInitializer: initializers.randomNormal({seed: 2})}),
          ],
        });
        freeze(model, nested);
        const clone = await cloneModel(model);
        for (const [i, layer] of model.layers.entries()) {
          expect(await valuesOf(clone.layers[i].getWeights(), false)).to.deep.equal(
            await valuesOf(layer.getWeights(), false),
          );
        }
        disposeModel(clone);
        disposeModel(model);
      });
    }

    it('refuses a layer that tfjs cannot rebuild, and says how to register it', async () => {
      class Doubled extends layers.Layer {
        static readonly className = 'Doubled';
      }
      const model = sequential({layers: [new Doubled({inputShape: [2]})]});
      const refusal: unknown = await cloneModel(model).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(ModelError);
      expect(String(refusal)).to.contain(
        'Register custom layers with tf.serialization.registerClass before compressing.',
      );
      model.dispose();
    });

    for (const [what, layer] of Object.entries({
      'a Conv1D with channelsFirst': () =>
        layers.conv1d({name: 'it', inputShape: [3, 8], filters: 4, kernelSize: 2, dataFormat: 'channelsFirst'}),
      'a SeparableConv2D with a depthMultiplier': () =>
        layers.separableConv2d({name: 'it', inputShape: [3, 4, 2], filters: 4, kernelSize: 2, depthMultiplier: 2}),
    })) {
      it(`refuses ${what}, which tfjs rebuilds as another layer`, async () => {
        const model = sequential({layers: [layer()]});
        const refusal: unknown = await cloneModel(model).catch((error: unknown) => error);
        expect(refusal).to.be.instanceOf(ModelError);
        expect(String(refusal)).to.contain("layer 'it': expected tfjs to rebuild it as it was, got: ");
        model.dispose();
      });
    }
  });
});

async function valuesOf(tensors: Tensor | Tensor[], free = true): Promise<number[][]> {
  const list = [tensors].flat();
  const values = await Promise.all(list.map(async (tensor) => Array.from(await tensor.data())));
  if (free) dispose(list);
  return values;
}
