import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {
  type CompressedLayer,
  type Compression,
  correct,
  type CorrectOptions,
  gpfqQuantize,
  magnitudePrune,
  optqQuantize,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
  wandaPrune,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseWeights, inputsOf, relativeError} from '../support/layers/denseErrors.ts';
import {causedTensor, masksOf} from '../support/models/prunableNetworks.ts';
import {isHeldBack, type RowChoice} from '../support/numerics/rowTurns.ts';
import {compressBy, correctableNetwork, type Stage, useCorrected} from './correctedNetwork.ts';

/** What correct may follow, by how a user writes it. */
const STAGES: Readonly<Record<string, readonly Stage[]>> = {
  'rtnQuantize({bits: 2})': [rtnQuantize({bits: 2})],
  'gpfqQuantize({bits: 2})': [gpfqQuantize({bits: 2})],
  'optqQuantize({bits: 3})': [optqQuantize({bits: 3})],
  'spfqQuantize({bits: 1})': [spfqQuantize({bits: 1})],
  'spfqQuantize({bits: 2, symmetric: false})': [spfqQuantize({bits: 2, symmetric: false})],
  "spfqQuantize({bits: 2, granularity: 'tensor'})": [spfqQuantize({bits: 2, granularity: 'tensor'})],
  'spfqQuantize({bits: 3, granularity: {group: 8}})': [spfqQuantize({bits: 3, granularity: {group: 8}})],
  'spfqQuantize({bits: 2, sweeps: 0})': [spfqQuantize({bits: 2, sweeps: 0})],
  'spfqPrune({sparsity: 0.7})': [spfqPrune({sparsity: 0.7})],
  'magnitudePrune()': [magnitudePrune()],
  'wandaPrune()': [wandaPrune()],
  'spfqPrune(), spfqQuantize({bits: 2})': [spfqPrune(), spfqQuantize({bits: 2})],
  "magnitudePrune(), rtnQuantize({bits: 'ternary'})": [magnitudePrune(), rtnQuantize({bits: 'ternary'})],
  'spfqCompress({bits: 3})': [spfqCompress({bits: 3})],
};

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

    for (const [name, stages] of Object.entries(STAGES)) {
      describe(`after ${name}`, () => {
        let from: Compression;
        let to: Compression;
        before(async () => {
          [from, to] = [await through(stages), await through([...stages, correct()])];
        });
        after(() => {
          [from, to].forEach((one) => {
            one.dispose();
          });
        });

        it("raises no layer's calibration error given the corrected inputs; reports held-out errors", () =>
          expectNoneToRise(from, to));

        it('with bias: false raises none either', () => corrected(stages, {bias: false}, expectNoneToRise));

        it("leaves alphabets, masks, scales' places and the topology; codes stay in the alphabet", () => {
          expect(to.layers.map((layer) => layer.name)).to.deep.equal(from.layers.map((layer) => layer.name));
          to.layers.forEach((layer, i) => {
            expectSameForm(from.layers[i], layer);
          });
          expect(to.model.layers.map((layer) => [layer.name, layer.outputShape])).to.deep.equal(
            network.layers.map((layer) => [layer.name, layer.outputShape]),
          );
          expect(to.report.stages).to.deep.equal([...from.report.stages, 'correct']);
        });
      });
    }

    async function expectNoneToRise(
      {model: from, layers: was}: Compression,
      {model: to, report}: Compression,
    ): Promise<void> {
      for (const {name} of was) {
        const [own, shadow] = [await inputsOf(network, name, x), await inputsOf(to, name, x)];
        const weights = [
          await denseWeights(network, name),
          await denseWeights(from, name),
          await denseWeights(to, name),
        ];
        const errorsOn = (rows: RowChoice) =>
          [weights[1], weights[2]].map((compressed) => relativeError(own, weights[0], shadow, compressed, rows));
        const [before, after] = errorsOn((row) => !isHeldBack(row));
        expect(after, name).to.be.at.most(before * (1 + 1e-6));
        const {correction, relativeError: reported} = report.layers.find((one) => one.name === name) ?? {};
        const [heldBefore, heldAfter] = errorsOn(isHeldBack);
        expect(correction?.before).to.be.closeTo(heldBefore, 1e-5);
        expect(reported).to.be.closeTo(heldAfter, 1e-5);
        expect(correction?.kept).to.equal((correction?.after ?? NaN) < (correction?.before ?? NaN));
      }
    }
  });
});

/** The same letters in number and range, the same zeros, scales in the same places. */
function expectSameForm(was: CompressedLayer, is: CompressedLayer): void {
  expect(masksOf(is)).to.deep.equal(masksOf(was));
  expect(is.kind).to.equal(was.kind);
  if (was.kind === 'pruned' || is.kind === 'pruned') return;
  const {alphabet} = is;
  expect([alphabet, is.granularity]).to.deep.equal([was.alphabet, was.granularity]);
  expect(
    is.matrices.every(({codes}) => codes.every((code) => code >= alphabet.lowest && code <= alphabet.highest)),
  ).to.equal(true);
  const [before, after] = [was, is].map(({matrices}) =>
    matrices.map(({scales: {steps, offsets}}) => [steps.length, offsets?.length]),
  );
  expect(after).to.deep.equal(before);
}
