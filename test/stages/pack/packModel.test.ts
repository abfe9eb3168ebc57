import 'tfjs-compress/plugins/webgpu';
import {getBackend, memory, setBackend, slice, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {Compression} from 'tfjs-compress';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {Packed} from '../../../src/packed/packed.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {examples} from '../../support/models/models.ts';
import {
  networkOf,
  packed,
  PACKED_KINDS,
  quantized,
  relativeDifference,
  reloaded,
} from '../../support/models/packedModels.ts';
import {
  denseNetwork,
  gaussianTensor,
  predictionsOf,
  randomize,
  twoInputs,
  weightsOf,
} from '../../support/models/smallNetworks.ts';

const KINDS = ['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D', 'Conv2DTranspose', 'SeparableConv2D'] as const;

onBackends(['cpu', 'wasm', 'webgpu'], (backend) => {
  for (const kind of KINDS) {
    describe(`pack() of a ${kind}`, () => {
      let network: LayersModel;
      let x: Tensor;
      before(() => {
        network = networkOf(kind);
        x = gaussianTensor([32, ...PACKED_KINDS[kind].shape], 1);
      });
      after(() => {
        network.dispose();
        x.dispose();
      });

      for (const bits of backend === 'webgpu' ? ([3] as const) : ([1, 2, 3, 4, 8, 'ternary'] as const)) {
        it(`${bits} bits: predicts the same bits for batches of 1, 3 and 32, and when loaded by tfjs`, async () => {
          const compression = await quantized(network, x, {bits});
          const small = await packed(compression);
          const again = await reloaded(small.model);
          expect(await weightsOf(again)).to.deep.equal(await weightsOf(small.model));
          expect(small.model.getWeights().some(({dtype}) => dtype === 'int32')).to.equal(true);
          for (const batch of [1, 3, 32]) {
            const some = slice(x, 0, batch);
            const expected = await predictionsOf(compression.model, some);
            const found = await predictionsOf(small.model, some);
            expect(relativeDifference(expected, found)).to.be.lessThan(1e-5);
            expect(await predictionsOf(again, some)).to.deep.equal(found);
            some.dispose();
          }
          [compression, small].forEach((one) => {
            one.dispose();
          });
          disposeModel(again);
        });
      }
    });
  }

  describe('a packed model', () => {
    let network: LayersModel;
    let x: Tensor;
    let one: Compression;
    let other: Compression;
    before(async () => {
      network = denseNetwork();
      x = gaussianTensor([5, 6], 1);
      const different = denseNetwork();
      randomize(different, 9);
      for (const [model, keep] of [
        [
          network,
          (made: Compression) => {
            one = made;
          },
        ],
        [
          different,
          (made: Compression) => {
            other = made;
          },
        ],
      ] as const) {
        const compression = await quantized(model, x, {bits: 4});
        keep(await packed(compression));
        compression.dispose();
      }
      different.dispose();
    });
    after(() => {
      [network, x, one, other].forEach((made) => {
        made.dispose();
      });
    });

    it('predicts from the weights that setWeights gave it after a prediction', async () => {
      const copy = await reloaded(one.model);
      const [before, goal] = [await predictionsOf(copy, x), await predictionsOf(other.model, x)];
      copy.setWeights(other.model.getWeights());
      expect(before).to.not.deep.equal(goal);
      expect(await predictionsOf(copy, x)).to.deep.equal(goal);
      disposeModel(copy);
    });

    it('predicts from the weights that loadWeights gave it after a prediction', async () => {
      const copy = await reloaded(one.model);
      await predictionsOf(copy, x);
      copy.loadWeights(
        Object.fromEntries(other.model.weights.map((weight, i) => [copy.weights[i].originalName, weight.read()])),
      );
      expect(await predictionsOf(copy, x)).to.deep.equal(await predictionsOf(other.model, x));
      disposeModel(copy);
    });

    // From webgpu no tensor can be moved in Node, neither these inputs nor a bias: a browser's tfjs reads them back
    // through a canvas.
    if (backend !== 'webgpu')
      it('goes on when the backend is switched between predictions', async () => {
        const copy = await reloaded(one.model);
        const before = await predictionsOf(copy, x);
        try {
          await setBackend(backend === 'cpu' ? 'wasm' : 'cpu');
          expect(relativeDifference(before, await predictionsOf(copy, x))).to.be.lessThan(1e-5);
        } finally {
          await setBackend(backend);
        }
        expect(await predictionsOf(copy, x)).to.deep.equal(before);
        disposeModel(copy);
        expect(getBackend()).to.equal(backend);
      });

    it('frees everything by model.dispose(), also what it computes with', async () => {
      const start = memory().numTensors;
      const copy = await reloaded(one.model);
      await predictionsOf(copy, x);
      expect(memory().numTensors).to.be.greaterThan(start + copy.weights.length);
      copy.dispose();
      expect(memory().numTensors).to.equal(start);
    });
  });

  describe('pack() of models with', () => {
    for (const [name, build] of Object.entries({
      ...pick([
        'a layer called twice',
        'a layer called on its own output',
        'one model called twice',
        'a model in a model in a model',
        'several inputs and outputs',
        'wrapped layers',
      ]),
      'two inputs': () => ({model: twoInputs(), inputs: [gaussianTensor([9, 4], 1), gaussianTensor([9, 5], 2)]}),
    })) {
      it(`${name}: predict as before, save and load, and leave nothing after Compression.dispose()`, async () => {
        const start = memory().numTensors;
        const {model, inputs} = build();
        const compression = await quantized(model, inputs, {bits: 2});
        const small = await packed(compression);
        const again = await reloaded(small.model);
        const [expected, found, loaded] = [
          await outputsOf(compression.model, inputs),
          await outputsOf(small.model, inputs),
          await outputsOf(again, inputs),
        ];
        expected.forEach((values, i) => {
          expect(relativeDifference(values, found[i])).to.be.lessThan(1e-5);
        });
        expect(loaded).to.deep.equal(found);
        [compression, small].forEach((made) => {
          made.dispose();
        });
        [again, model].forEach(disposeModel);
        inputs.forEach((input) => {
          input.dispose();
        });
        expect(memory().numTensors).to.equal(start);
      });
    }

    it('wrapped layers: packed as their wrappers', async () => {
      const {model, inputs} = examples['wrapped layers']();
      const compression = await quantized(model, inputs, {bits: 2});
      const small = await packed(compression);
      expect(small.report.packing?.layers.map(({name}) => name)).to.deep.equal(model.layers.map(({name}) => name));
      expect(small.model.layers.map((layer) => layer.getClassName())).to.deep.equal([
        Packed.className,
        Packed.className,
        Packed.className,
      ]);
      [compression, small].forEach((made) => {
        made.dispose();
      });
      disposeModel(model);
      inputs.forEach((input) => {
        input.dispose();
      });
    });

    if (backend === 'cpu') {
      it('channelsFirst: as tfjs predicts it', async () => {
        const network = sequential({
          layers: [
            layers.conv2d({
              inputShape: [3, 7, 6],
              dataFormat: 'channelsFirst',
              filters: 4,
              kernelSize: 3,
              activation: 'elu',
            }),
            layers.flatten(),
            layers.dense({units: 2}),
          ],
        });
        randomize(network, 1);
        const x = gaussianTensor([12, 3, 7, 6], 1);
        const compression = await quantized(network, x, {bits: 3});
        const small = await packed(compression, {selfCheck: true});
        expect(
          relativeDifference(await predictionsOf(compression.model, x), await predictionsOf(small.model, x)),
        ).to.be.lessThan(1e-5);
        [network, x, compression, small].forEach((made) => {
          made.dispose();
        });
      });
    }
  });
});

type ExampleName = keyof typeof examples;

function pick(names: readonly ExampleName[]): typeof examples {
  return Object.fromEntries(names.map((name) => [name, examples[name]]));
}

async function outputsOf(model: LayersModel, inputs: Tensor[]): Promise<number[][]> {
  const outputs = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
  const values = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
  outputs.forEach((output) => {
    output.dispose();
  });
  return values;
}
