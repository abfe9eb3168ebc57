import {memory} from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  layers,
  type LayersModel,
  model,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Observable} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  letterHistograms,
  ModelError,
  OptionError,
  pack,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {requireTrue} from '../support/layers/letterCounts.ts';
import {denseNetwork, gaussianTensor, randomize} from '../support/models/smallNetworks.ts';

/** Four inputs through a depthwise convolution, so that a layer has several problems. */
function depthwiseNetwork(): LayersModel {
  return sequential({
    layers: [
      layers.depthwiseConv2d({
        name: 'depthwise',
        kernelSize: 3,
        inputShape: [6, 6, 4],
        depthMultiplier: 2,
        depthwiseInitializer: initializers.randomNormal({seed: 1}),
      }),
      layers.flatten(),
      layers.dense({name: 'scores', units: 3, kernelInitializer: initializers.randomNormal({seed: 2})}),
    ],
  });
}

/** A layer that is called twice, in a model within the model. */
function nestedNetwork(): LayersModel {
  const inner = sequential({
    name: 'inner',
    layers: [layers.dense({name: 'shared', units: 6, inputShape: [6], activation: 'relu'})],
  });
  const x = input({shape: [6]});
  const twice = inner.apply(inner.apply(x)) as SymbolicTensor;
  const network = model({inputs: x, outputs: layers.dense({name: 'scores', units: 3}).apply(twice) as SymbolicTensor});
  randomize(network, 3);
  return network;
}

onBackends(['wasm'], () => {
  describe('letterHistograms', () => {
    const owned: LayersModel[] = [];
    afterEach(() => {
      owned.splice(0).forEach(disposeModel);
    });

    async function compressed(
      network: LayersModel,
      inputShape: number[],
      pipeline: (source: Observable<Compression>) => Observable<Compression>,
    ): Promise<Compression> {
      owned.push(network);
      const x = gaussianTensor([96, ...inputShape], 1);
      try {
        return await lastValueFrom(pipeline(compress(network).pipe(calibrate(x))));
      } finally {
        x.dispose();
      }
    }

    it('count every weight in steps of its own neuron, as many as there are', async () => {
      const compression = await compressed(denseNetwork(), [6], (source) => source.pipe(spfqQuantize({bits: 2})));
      const histograms = await requireTrue(compression, 24);
      expect(histograms.map(({unit}) => unit)).to.deep.equal(['step', 'step']);
      compression.dispose();
    });

    it('count weights as they are where one step is all there is', async () => {
      const compression = await compressed(denseNetwork(), [6], (source) =>
        source.pipe(spfqQuantize({bits: 3, granularity: 'tensor'})),
      );
      const histograms = await requireTrue(compression, 40);
      expect(histograms.map(({unit}) => unit)).to.deep.equal(['weight', 'weight']);
      compression.dispose();
    });

    it('take offsets off, and follow groups of features', async () => {
      const compression = await compressed(denseNetwork(), [6], (source) =>
        source.pipe(spfqQuantize({bits: 2, symmetric: false, granularity: {group: 4}})),
      );
      await requireTrue(compression, 96);
      compression.dispose();
    });

    it('are of all channels of a depthwise convolution', async () => {
      const compression = await compressed(depthwiseNetwork(), [6, 6, 4], (source) =>
        source.pipe(spfqQuantize({bits: 'ternary'})),
      );
      await requireTrue(compression, 32);
      compression.dispose();
    });

    it('put each letter of few in the middle of a bin, and many in few bins', async () => {
      const few = await compressed(denseNetwork(), [6], (source) => source.pipe(spfqQuantize({bits: 2})));
      for (const {bins, letters} of await letterHistograms(few)) {
        for (const {level} of letters)
          expect(bins.filter(({from, to}) => Math.abs((from + to) / 2 - level) < 1e-9)).to.have.length(1);
      }
      few.dispose();
      const many = await compressed(denseNetwork(), [6], (source) => source.pipe(spfqQuantize({bits: 8})));
      await requireTrue(many, 8);
      many.dispose();
    });

    it('tell pruned weights from kept ones, with letters and without', async () => {
      const sparse = await compressed(denseNetwork(), [6], (source) =>
        source.pipe(spfqPrune({sparsity: 0.5, include: ['hidden', 'scores']})),
      );
      const [{unit, bins}] = await requireTrue(sparse, 32);
      expect(unit).to.equal('weight');
      expect(bins.some(({pruned}) => pruned > 0)).to.equal(true);
      sparse.dispose();
      const both = await compressed(denseNetwork(), [6], (source) =>
        source.pipe(spfqPrune({sparsity: 0.5, include: ['hidden']}), spfqQuantize({bits: 4}), correct()),
      );
      await requireTrue(both, 64);
      both.dispose();
    });

    it('are the same of a packed model', async () => {
      const chain = (source: Observable<Compression>): Observable<Compression> =>
        source.pipe(
          spfqPrune({sparsity: 0.5, include: ['hidden', 'scores']}),
          spfqQuantize({bits: 2, include: ['hidden']}),
        );
      const float = await compressed(denseNetwork(), [6], chain);
      const packed = await compressed(denseNetwork(), [6], (source) => chain(source).pipe(pack()));
      expect(await letterHistograms(packed)).to.deep.equal(await letterHistograms(float));
      [float, packed].forEach(({dispose}) => {
        dispose();
      });
    });

    it('are of a shared layer in a nested model, once', async () => {
      const compression = await compressed(nestedNetwork(), [6], (source) =>
        source.pipe(spfqQuantize({bits: 3}), pack()),
      );
      const histograms = await requireTrue(compression, 48);
      expect(histograms.map(({name}) => name)).to.deep.equal(['shared', 'scores']);
      compression.dispose();
    });

    it('leave no tensor behind', async () => {
      const compression = await compressed(depthwiseNetwork(), [6, 6, 4], (source) =>
        source.pipe(spfqQuantize({bits: 2}), pack()),
      );
      const {numTensors} = memory();
      await letterHistograms(compression);
      expect(memory().numTensors).to.equal(numTensors);
      compression.dispose();
    });

    it('of a layer whose weights are all 0 are finite', async () => {
      const zeros = sequential({
        layers: [layers.dense({name: 'zeros', units: 4, inputShape: [6], kernelInitializer: 'zeros'})],
      });
      const compression = await compressed(zeros, [6], (source) => source.pipe(spfqQuantize({bits: 2})));
      const [{bins, letters}] = await letterHistograms(compression);
      expect(bins.reduce((sum, {original}) => sum + original, 0)).to.equal(24);
      for (const number of [
        ...bins.flatMap(({from, to}) => [from, to]),
        ...letters.flatMap(({level, share}) => [level, share]),
      ])
        expect(number).to.satisfy(Number.isFinite);
      compression.dispose();
    });

    it('refuse a model that is gone, and options that are none', async () => {
      const compression = await compressed(denseNetwork(), [6], (source) => source.pipe(spfqQuantize({bits: 2})));
      await rejects(letterHistograms(compression, {bins: 7}), OptionError, 'letterHistograms: expected `bins`');
      compression.dispose();
      await rejects(letterHistograms(compression), ModelError, 'letterHistograms: expected a live model');
    });
  });
});

async function rejects(
  promise: Promise<unknown>,
  type: new (...given: never[]) => Error,
  message: string,
): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(type);
  expect(String(error)).to.contain(message);
}
