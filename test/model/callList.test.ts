import '@tensorflow/tfjs-backend-cpu';
import {add, dispose, memory, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {Activations, lastUsesOf} from '../../src/calibration/activations.ts';
import {listCalls} from '../../src/model/callList.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {createNetworkPair, type NetworkPair} from '../../src/model/networkPair.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {chain, examples} from '../support/models/models.ts';
import {largestDifference} from '../support/numerics/randomMatrices.ts';

onBackends(['cpu'], () => {
  for (const [name, make] of Object.entries(examples)) {
    describe(`a model with ${name}`, () => {
      it('gives the outputs of predict, call by call', async () => {
        await withExample(make, async (model, inputs, networks) => {
          const found = await outputsOf(networks, inputs, 'inOriginal');
          await expectOutputs(found, model, inputs);
        });
      });

      it('gives the outputs of its changed copy beside its own', async () => {
        await withExample(make, async (model, inputs, networks) => {
          const [first] = networks.shadow.calls.filter(({layer}) => layer.getWeights().length > 0);
          const weights = tidy(() => first.layer.getWeights().map((weight) => add(weight, 0.05)));
          networks.rewrite(first.layer, weights);
          dispose(weights);
          await expectOutputs(await outputsOf(networks, inputs, 'inShadow'), networks.shadowModel, inputs);
          await expectOutputs(await outputsOf(networks, inputs, 'inOriginal'), model, inputs);
        });
      });

      it('holds no tensor after its last call', async () => {
        await withExample(make, async (_model, inputs, networks) => {
          const before = memory().numTensors;
          const activations = Activations.ofInputs(
            networks,
            lastUsesOf(networks.original),
            inputs.map((input) => input.clone()),
          );
          activations.advance(networks.original.calls.length);
          expect(memory().numTensors).to.equal(before);
          expect(activations.bytes).to.equal(0);
        });
      });

      it('frees every tensor when it is disposed of at any call, forks apart', async () => {
        await withExample(make, async (_model, inputs, networks) => {
          const before = memory().numTensors;
          for (let end = 0; end <= networks.original.calls.length; end++) {
            const activations = Activations.ofInputs(
              networks,
              lastUsesOf(networks.original),
              inputs.map((input) => input.clone()),
            );
            activations.advance(end);
            const fork = activations.fork();
            activations.dispose();
            fork.advance(networks.original.calls.length);
            fork.dispose();
            expect(memory().numTensors).to.equal(before);
          }
        });
      });
    });
  }

  describe('listCalls', () => {
    it('lists the calls of a chain in order, each from the value before it', () => {
      const model = chain([5, 4, 3]);
      const {calls, inputs, outputs} = listCalls(model);
      expect(calls.map(({layer}) => layer)).to.deep.equal(model.layers.slice(1));
      expect(calls.map((call) => [call.inputs, call.outputs])).to.deep.equal([
        [[0], [1]],
        [[1], [2]],
        [[2], [3]],
      ]);
      expect([inputs, outputs]).to.deep.equal([[0], [3]]);
      model.dispose();
    });

    it('leaves out what the outputs do not need', async () => {
      await withExample(examples['layers that the outputs do not need'], async (_model, _inputs, networks) => {
        expect(networks.original.calls.map(({layer}) => layer.countParams())).to.deep.equal([6 * 4 + 4, 4 * 2 + 2]);
      });
    });

    it('lists each layer of a model that is called twice twice, between other values', async () => {
      await withExample(examples['one model called twice'], async (_model, _inputs, {original: {calls}}) => {
        expect(calls).to.have.length(5);
        expect([calls[0].layer === calls[2].layer, calls[1].layer === calls[3].layer]).to.deep.equal([true, true]);
        expect(calls[4].inputs).to.deep.equal([calls[1].outputs[0], calls[3].outputs[0]]);
      });
    });
  });
});

type Use = (model: LayersModel, inputs: Tensor[], networks: NetworkPair) => Promise<void>;

async function withExample(make: () => {model: LayersModel; inputs: Tensor[]}, use: Use): Promise<void> {
  const {model, inputs} = make();
  const networks = await createNetworkPair(model, model);
  try {
    await use(model, inputs, networks);
  } finally {
    disposeModel(networks.shadowModel);
    disposeModel(model);
    dispose(inputs);
  }
}

/** The values of the model's outputs, kept to the end of all calls. */
async function outputsOf(
  networks: NetworkPair,
  inputs: Tensor[],
  network: 'inOriginal' | 'inShadow',
): Promise<Float32Array[]> {
  const {calls, outputs} = networks.original;
  const lastUses = lastUsesOf(networks.original).map((use, value) => (outputs.includes(value) ? calls.length : use));
  const activations = Activations.ofInputs(
    networks,
    lastUses,
    inputs.map((input) => input.clone()),
  );
  activations.advance(calls.length);
  const values = await Promise.all(outputs.map((value) => activations[network](value).data<'float32'>()));
  activations.dispose();
  return values;
}

async function expectOutputs(found: Float32Array[], model: LayersModel, inputs: Tensor[]): Promise<void> {
  const predicted = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
  const expected = await Promise.all(predicted.map((output) => output.data<'float32'>()));
  dispose(predicted);
  expect(found).to.have.length(expected.length);
  found.forEach((values, i) => expect(largestDifference(values, expected[i])).to.be.below(1e-6));
  expect(
    found.some((values) => values.some((value) => value !== 0)),
    'some output that is not 0',
  ).to.equal(true);
}
