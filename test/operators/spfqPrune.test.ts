import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {OperatorFunction} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  ModelError,
  spfqCompress,
  spfqPrune,
  type SpfqPruneOptions,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {causedTensor, masksOf, prunableConvnet, zerosOf} from '../support/models/prunableNetworks.ts';
import {errorOf, leavingAlone, weightsOf} from '../support/models/smallNetworks.ts';
import {pruneKernels} from './prunedKernels.ts';

const ALL: SpfqPruneOptions = {include: /./};

onBackends(['wasm'], () => {
  describe('spfqPrune', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = prunableConvnet();
      x = causedTensor([96, 6, 6, 4], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const through = (...stages: ReadonlyArray<OperatorFunction<Compression, Compression>>) =>
      pruneKernels(network, x, stages);
    const pruned = (options: SpfqPruneOptions) => through(spfqPrune(options));

    for (const mask of ['best', 'path', 'magnitude', 'wanda'] as const) {
      for (const sparsity of [0, 0.3, 0.5, 0.9]) {
        it(`mask '${mask}' makes exactly round(${sparsity} · size) weights of every layer 0`, async () => {
          const {layers, kernels, report} = await pruned({mask, sparsity, ...ALL});
          expect(layers.map(({name}) => name)).to.deep.equal(['conv', 'depthwise', 'hidden', 'out']);
          for (const [i, layer] of layers.entries()) {
            const kernel = kernels.get(layer.name) ?? [];
            const zeros = Math.round(sparsity * kernel.length);
            expect(zerosOf(layer), layer.name).to.equal(zeros);
            expect(
              kernel.filter((weight) => weight === 0),
              layer.name,
            ).to.have.length(zeros);
            expect(report.layers[i].sparsity).to.be.closeTo(zeros / kernel.length, 1e-12);
            if (layer.matrices.length === 1)
              expect(masksOf(layer)).to.deep.equal(kernel.map((weight) => (weight === 0 ? 0 : 1)));
          }
        });
      }
    }

    it("rounding: 'nearest' makes as many zeros", async () => {
      const {layers} = await pruned({rounding: 'nearest', mask: 'path', sparsity: 0.6});
      expect(layers.map(zerosOf)).to.deep.equal([Math.round(0.6 * 252), Math.round(0.6 * 567)]);
    });

    for (const [pattern, kept, group] of [
      ['2:4', 2, 4],
      [{n: 1, m: 3}, 1, 3],
      [{n: 5, m: 9}, 5, 9],
    ] as const) {
      for (const mask of ['best', 'path', 'magnitude', 'wanda'] as const) {
        it(`pattern ${JSON.stringify(pattern)}, mask '${mask}': each ${group} neighbours keep ${kept}`, async () => {
          const {layers} = await pruned({pattern, mask});
          expect(layers.map(({name}) => name)).to.deep.equal(group === 4 ? ['conv'] : ['conv', 'hidden']);
          for (const {
            matrices: [{mask: found = [], features, neurons}],
          } of layers) {
            for (let n = 0; n < neurons; n++) {
              for (let first = 0; first < features; first += group) {
                expect(
                  Array.from({length: group}, (_, k) => found[(first + k) * neurons + n]).filter((one) => one === 1),
                ).to.have.length(kept);
              }
            }
          }
        });
      }
    }

    it('names the mask that won: the least error after the activation of those no worse than magnitude', async () => {
      const {report} = await pruned({sparsity: 0.7});
      for (const {pruning, relativeError} of report.layers) {
        const {mask, candidates = [], pattern} = pruning ?? {};
        expect(candidates.map((one) => one.mask)).to.deep.equal(['stochastic path', 'nearest path', 'magnitude']);
        const eligible = candidates.filter((one) => one.relativeError <= candidates[2].relativeError);
        const [best] = eligible.sort((one, other) => one.outputError - other.outputError);
        expect([mask, relativeError, pattern]).to.deep.equal([best.mask, best.relativeError, 'unstructured']);
      }
      expect(report.toString()).to.match(
        /^conv: mask by [a-z ]+; error, and after the activation: .* %, .* % by magnitude/m,
      );
    });

    for (const sparsity of [0.5, 0.8]) {
      it(`at ${sparsity} no layer has a larger held-out error than with magnitude and least squares`, async () => {
        const [best, magnitude] = [
          (await pruned({sparsity})).report.layers,
          (await pruned({sparsity, mask: 'magnitude'})).report.layers,
        ];
        const byMagnitude = best.map(
          ({pruning}) => pruning?.candidates.find(({mask}) => mask === 'magnitude')?.relativeError ?? NaN,
        );
        // Both see the same inputs of the first layer; later ones are compared within the report.
        expect(byMagnitude[0]).to.equal(magnitude[0].relativeError);
        best.forEach(({relativeError}, l) => {
          expect(relativeError).to.be.at.most(byMagnitude[l]);
        });
      });
    }

    it('least squares on the support lowers the held-out error of the bare mask', async () => {
      const error = async (options: SpfqPruneOptions) =>
        (await pruned({mask: 'magnitude', include: 'hidden', ...options})).report.layers[0].relativeError;
      expect(await error({})).to.be.lessThan(0.9 * (await error({iterations: 0})));
    });

    it('threshold: c by magnitude makes exactly |w| ≤ c zero, as does a nearest path without feedback', async () => {
      const before = await weightsOf(network);
      const expected = before[0].map((weight) => (Math.abs(weight) > 0.4 ? weight : 0));
      for (const options of [
        {mask: 'magnitude'},
        {mask: 'path', rounding: 'nearest', feedback: 'none', alignment: 'none'},
      ] as const) {
        const {kernels, report} = await pruned({threshold: 0.4, iterations: 0, ...options});
        expect(kernels.get('conv')).to.deep.equal(expected);
        expect(report.layers[0].sparsity).to.equal(expected.filter((weight) => weight === 0).length / 252);
      }
    });

    it('threshold: c of a stochastic path without feedback keeps |w| > c, and makes the rest 0 or ±c', async () => {
      const before = await weightsOf(network);
      const {kernels} = await pruned({threshold: 0.4, iterations: 0, feedback: 'none', alignment: 'none'});
      kernels.get('conv')?.forEach((weight, i) => {
        const was = before[0][i];
        if (Math.abs(was) > 0.4) expect(weight).to.equal(was);
        else expect([0, Math.fround(Math.sign(was) * 0.4)]).to.include(weight);
      });
      expect(
        new Set(
          kernels
            .get('conv')
            ?.filter((_, i) => Math.abs(before[0][i]) <= 0.4)
            .map(Math.abs),
        ).size,
      ).to.equal(2);
    });

    it('the same seed gives the same zeros, another seed others', async () => {
      const masks = async (seed: number) => (await pruned({mask: 'path', seed})).layers.map(masksOf);
      const first = await masks(1);
      expect(await masks(1)).to.deep.equal(first);
      expect(await masks(2)).not.to.deep.equal(first);
    });

    for (const [first, second] of [
      [0.3, 0.6],
      [0.6, 0.3],
    ]) {
      for (const mask of ['best', 'path', 'magnitude', 'wanda'] as const) {
        it(`${first}, then ${second} by '${mask}' keeps every zero, ends at ${Math.max(first, second)}`, async () => {
          const once = await pruned({sparsity: first});
          const twice = await through(spfqPrune({sparsity: first}), spfqPrune({sparsity: second, mask}));
          for (const [i, layer] of twice.layers.entries()) {
            const [before, after] = [masksOf(once.layers[i]), masksOf(layer)];
            expect(after.filter((kept, k) => kept > before[k])).to.deep.equal([]);
            expect(zerosOf(layer)).to.equal(Math.round(Math.max(first, second) * before.length));
            expect(twice.kernels.get(layer.name)?.map((weight) => (weight === 0 ? 0 : 1))).to.deep.equal(after);
          }
        });
      }
    }

    for (const [name, quantize] of [
      ['spfqQuantize', spfqQuantize()],
      ['spfqCompress', spfqCompress()],
    ] as const) {
      it(`after ${name} ends the stream with a ModelError: put it before`, async () => {
        const error = await leavingAlone(network, () =>
          errorOf(compress(network).pipe(calibrate(x, {rows: 1024}), quantize, spfqPrune())),
        );
        expect(error).to.be.instanceOf(ModelError);
        expect(error.message).to.equal(
          "spfqPrune: layer 'conv': expected float weights, got letters; put spfqPrune before the quantizing " +
            'stage, or use spfqCompress',
        );
      });
    }
  });
});
