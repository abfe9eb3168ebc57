import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  type CorrectOptions,
  evaluate,
  ModelError,
  rtnQuantize,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {quantizedLayers} from '../support/layers/quantizedLayers.ts';
import {causedTensor} from '../support/models/prunableNetworks.ts';
import {errorOf, gaussianTensor, leavingAlone, weightsOf} from '../support/models/smallNetworks.ts';
import {compressBy, correctableNetwork, type Stage, useCorrected} from './correctedNetwork.ts';

const NAMES = ['first', 'second', 'scores'] as const;

onBackends(['wasm'], () => {
  describe('correct', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = correctableNetwork();
      x = causedTensor([256, 40], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const through = (stages: readonly Stage[], data = x): Promise<Compression> => compressBy(network, data, stages);
    const corrected = <Result>(
      stages: readonly Stage[],
      options: CorrectOptions,
      use: (before: Compression, after: Compression) => Promise<Result>,
    ): Promise<Result> => useCorrected(network, x, [stages, options], use);

    for (const [what, stage] of [
      ['2 bits', rtnQuantize({bits: 2})],
      ['ternary', rtnQuantize({bits: 'ternary'})],
    ] as const) {
      it(`lowers the error of the outputs by more than a fifth after rtnQuantize at ${what}`, async () => {
        const errors: number[] = [];
        for (const stages of [[stage], [stage, correct()]]) {
          const {report, dispose} = await through([...stages, evaluate({xs: x})]);
          errors.push(report.evaluation?.relativeError ?? NaN);
          dispose();
        }
        expect(errors[1]).to.be.lessThan(0.8 * errors[0]);
      });
    }

    it('a layer whose held-out error would rise stays bit by bit as it was, and the report says so', async () => {
      const few = causedTensor([32, 40], 3); // 30 rows for 40 features: at 8 bits sweeps fit their noise
      const [before, after] = [
        await through([rtnQuantize({bits: 8})], few),
        await through([rtnQuantize({bits: 8}), correct()], few),
      ];
      const [was, is] = [await weightsOf(before.model), await weightsOf(after.model)];
      const outcomes = after.report.layers.map(({correction}) => correction?.kept);
      expect(outcomes).to.include(false);
      outcomes.forEach((kept, i) => {
        expect(was[2 * i].join() === is[2 * i].join(), NAMES[i]).to.equal(!kept);
        expect(was[2 * i + 1].join() === is[2 * i + 1].join(), NAMES[i]).to.equal(!kept);
        if (!kept) expect(after.layers[i]).to.deep.equal(before.layers[i]);
      });
      expect(after.report.toString()).to.match(/: correction not kept, error \d+\.\d\d % → \d+\.\d\d %/);
      [before, after].forEach((one) => {
        one.dispose();
      });
      few.dispose();
    });

    for (const [name, stages] of [
      ['spfqQuantize', [spfqQuantize({bits: 2})]],
      ['spfqPrune', [spfqPrune({sparsity: 0.7, iterations: 1})]],
      ['rtnQuantize', [rtnQuantize({bits: 2})]],
    ] as const) {
      it(`bias: false leaves biases as ${name} left them`, () =>
        corrected(stages, {bias: false}, async ({model: from}, {model: to, report}) => {
          const [was, is] = [await weightsOf(from), await weightsOf(to)];
          expect(report.layers.some(({correction}) => correction?.kept)).to.equal(true);
          for (const i of [1, 3, 5]) expect(is[i]).to.deep.equal(was[i]);
        }));
    }

    it('scale: false leaves steps and offsets as they were, and still lowers the error', () =>
      corrected([rtnQuantize({bits: 2})], {scale: false}, async (before, after) => {
        const [was, is] = [before, after].map(({layers: compressed}) =>
          quantizedLayers(compressed).map(({matrices: [{scales}]}) => scales),
        );
        expect(is).to.deep.equal(was);
        expect(after.report.layers[0].relativeError).to.be.lessThan(0.9 * before.report.layers[0].relativeError);
      }));

    it('include and exclude choose among the compressed layers; the others stay', () =>
      corrected([rtnQuantize({bits: 2})], {include: 'second'}, async ({model: from}, {model: to, report}) => {
        const [was, is] = [await weightsOf(from), await weightsOf(to)];
        expect(is.map((values, i) => values.join() === was[i].join())).to.deep.equal([
          true,
          true,
          false,
          false,
          true,
          true,
        ]);
        expect(report.skipped.map(({stage, name, reason}) => [stage, name, reason])).to.deep.equal([
          ['correct', 'first', 'not in `include`'],
          ['correct', 'scores', 'not in `include`'],
        ]);
      }));

    it('leaves layers alone that no stage compressed', async () => {
      const result = await through([rtnQuantize({bits: 2, include: 'first'}), correct()]);
      expect(result.report.skipped.slice(-2)).to.deep.equal(
        ['second', 'scores'].map((name) => ({
          stage: 'correct',
          name,
          className: 'Dense',
          reason: 'not compressed by an earlier stage',
        })),
      );
      const [was, is] = [await weightsOf(network), await weightsOf(result.model)];
      expect(is.slice(2)).to.deep.equal(was.slice(2));
      result.dispose();
    });

    it('twice is no worse than once, and the same seed gives the same codes', async () => {
      const [once, again, twice] = [
        await through([rtnQuantize({bits: 2}), correct()]),
        await through([rtnQuantize({bits: 2}), correct()]),
        await through([rtnQuantize({bits: 2}), correct(), correct()]),
      ];
      expect(quantizedLayers(again.layers)).to.deep.equal(quantizedLayers(once.layers));
      expect(twice.report.layers[0].relativeError).to.be.at.most(once.report.layers[0].relativeError + 1e-9);
      [once, again, twice].forEach((one) => {
        one.dispose();
      });
    });

    it('before any compression ends the stream with a ModelError: put it behind a stage', async () => {
      const data = gaussianTensor([16, 40], 1);
      const error = await leavingAlone(network, () => errorOf(compress(network).pipe(calibrate(data), correct())));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.equal(
        'correct: expected a compressed model, got one without compressed layers; put it after spfqQuantize, ' +
          'spfqPrune or spfqCompress',
      );
      data.dispose();
    });
  });
});
