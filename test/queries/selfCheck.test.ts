import 'tfjs-compress/plugins/webgpu';
import {memory, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {type Compression, DataError, ModelError, OptionError, selfCheck} from 'tfjs-compress';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {examples} from '../support/models/models.ts';
import {packed, quantized} from '../support/models/packedModels.ts';
import {denseNetwork, gaussianTensor, predictionsOf, untilTensors} from '../support/models/smallNetworks.ts';

/** Where shaders are slow to build, some graphs stand for all; tfjs's own Embedding fails there. */
const ON_A_DEVICE = [
  'a convnet with BatchNormalization',
  'a layer called twice',
  'a nested model with several inputs and outputs',
];

onBackends(['cpu', 'wasm', 'webgpu'], (backend) => {
  const route = backend === 'wasm' ? 'decoded' : 'packed';

  describe('selfCheck(model)', () => {
    let small: Compression;
    let x: Tensor;
    let tensors: number;
    before(async () => {
      const network = denseNetwork();
      x = gaussianTensor([12, 6], 1);
      const compression = await quantized(network, x, {bits: 3});
      small = await packed(compression);
      compression.dispose();
      network.dispose();
      await predictionsOf(small.model, x);
      tensors = memory().numTensors;
    });
    afterEach(() => {
      expect(memory().numTensors).to.equal(tensors);
    });
    after(() => {
      small.dispose();
      x.dispose();
    });

    it('names every packed layer, its route, and errors far below the tolerance', async () => {
      for (const probe of [undefined, x]) {
        const report = await selfCheck(small.model, probe);
        expect(report.backend).to.equal(backend);
        expect(report.layers.map(({name}) => name)).to.deep.equal(['hidden', 'scores']);
        for (const check of report.layers) {
          expect(check.route).to.equal(route);
          expect(check.inputs).to.equal(route === 'decoded' ? 'none' : probe ? 'probe' : 'random');
          expect(check.passed).to.equal(true);
          expect(check.relativeError).to.be.lessThan(1e-5);
          expect(check.cosine).to.be.closeTo(1, 1e-6);
        }
      }
    });

    it('leaves predictions as they were, and layers with their own `call`', async () => {
      const before = await predictionsOf(small.model, x);
      await selfCheck(small.model, x);
      expect(await predictionsOf(small.model, x)).to.deep.equal(before);
      expect(small.model.layers.map((layer) => Object.hasOwn(layer, 'call'))).to.deep.equal([false, false]);
    });

    it('gives the same errors for the same seed', async () => {
      const [one, same, other] = [
        await selfCheck(small.model, undefined, {seed: 5}),
        await selfCheck(small.model, undefined, {seed: 5}),
        await selfCheck(small.model, undefined, {seed: 6}),
      ];
      expect(same.layers).to.deep.equal(one.layers);
      if (route === 'packed') expect(other.layers).to.not.deep.equal(one.layers);
    });

    it('refuses options that are unknown or out of range', async () => {
      for (const options of [{tolerance: -1}, {tolerance: NaN}, {onFailure: 'ignore'}, {seed: 0.5}, {tolerence: 1}]) {
        expect(await errorFrom(() => selfCheck(small.model, undefined, options as never))).to.be.instanceOf(
          OptionError,
        );
      }
    });

    it('refuses a probe that does not fit, or is not finite', async () => {
      for (const probe of [gaussianTensor([4, 5], 1), tensor([1, 2, NaN, 4, 5, 6], [1, 6])]) {
        expect(await errorFrom(() => selfCheck(small.model, probe))).to.be.instanceOf(DataError);
        probe.dispose();
      }
    });

    it('refuses a model without packed layers', async () => {
      const network = denseNetwork();
      expect(await errorFrom(() => selfCheck(network))).to.be.instanceOf(ModelError);
      network.dispose();
    });
  });

  describe('selfCheck of every shape of graph', () => {
    for (const [name, build] of Object.entries(examples).filter(
      ([graph]) => backend !== 'webgpu' || ON_A_DEVICE.includes(graph),
    )) {
      it(`${name}: passes on the probe, and leaves no tensor`, async () => {
        const start = memory().numTensors;
        const {model, inputs} = build();
        const compression = await quantized(model, inputs, {bits: 4});
        const small = await packed(compression);
        compression.dispose();
        const report = await selfCheck(small.model, inputs);
        expect(report.layers.map((layer) => layer.name)).to.have.members([
          ...new Set(compression.layers.map((kernel) => kernel.name.split('/')[0])),
        ]);
        expect(report.layers.filter(({passed}) => !passed)).to.deep.equal([]);
        small.dispose();
        disposeModel(model);
        inputs.forEach((input) => {
          input.dispose();
        });
        await untilTensors(start);
        expect(memory().numTensors).to.equal(start);
      });
    }
  });
});

async function errorFrom(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error, got none');
}
