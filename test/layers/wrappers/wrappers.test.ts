import type {Tensor} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, spfqQuantize} from 'tfjs-compress';
import {matrix} from 'tfjs-compress/numerics';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {run64} from '../../support/layers/cells64.ts';
import {describeCompressed} from '../../support/layers/describeCompressed.ts';
import {quantizedLayers} from '../../support/layers/quantizedLayers.ts';
import {FAST} from '../../support/models/packedModels.ts';
import {gaussianTensor, predictionsOf, randomize} from '../../support/models/smallNetworks.ts';

/** tfjs's own initializer takes a chained op that is not loaded here. */
const QUICK = {recurrentInitializer: 'glorotNormal'} as const;
const makers = {SimpleRNN: layers.simpleRNN, LSTM: layers.lstm, GRU: layers.gru} as const;
const samples = 30;

onBackends(['cpu', 'wasm'], () => {
  describeCompressed({
    name: 'TimeDistributed Dense',
    shape: [5, 6],
    layer: (args) => layers.timeDistributed({...args, layer: layers.dense({units: 4})}),
    columns: ({shape: [batch, time, features], data}) => [[matrix(batch * time, features, data)]],
  });

  describeCompressed({
    name: 'TimeDistributed Conv1D',
    shape: [3, 4, 2],
    layer: (args) => layers.timeDistributed({...args, layer: layers.conv1d({filters: 3, kernelSize: 2})}),
    columns: ({shape: [batch, time, length, channels], data}) => [
      [
        matrix(
          batch * time * (length - 1),
          2 * channels,
          Float64Array.from(
            {length: batch * time * (length - 1) * 2 * channels},
            (_, i) =>
              data[
                (Math.floor(i / (2 * channels * (length - 1))) * length +
                  (Math.floor(i / (2 * channels)) % (length - 1))) *
                  channels +
                  (i % (2 * channels))
              ],
          ),
        ),
      ],
    ],
  });

  describeCompressed({
    name: 'TimeDistributed LSTM',
    shape: [2, 4, 4],
    layer: (args) => layers.timeDistributed({...args, layer: layers.lstm({...QUICK, units: 3})}),
    columns: ({shape: [batch, outer, time, features], data}, weights) => {
      const {inputs, hidden} = run64(
        {cell: 'LSTM', activation: 'tanh'},
        {shape: [batch * outer, time, features], data},
        weights,
      );
      return [[inputs], [hidden]];
    },
  });

  for (const mergeMode of ['concat', 'sum'] as const) {
    describeCompressed({
      name: `Bidirectional GRU, ${mergeMode}`,
      shape: [4, 4],
      layer: (args) => layers.bidirectional({...args, mergeMode, layer: layers.gru({...QUICK, units: 3})}),
      columns: (rows, weights) =>
        [false, true].flatMap((goBackwards) => {
          const run = run64(
            {cell: 'GRU', activation: 'tanh', goBackwards},
            rows,
            goBackwards ? weights.slice(3) : weights,
          );
          return [[run.inputs], [run.hidden, run.hidden, run.reset]];
        }),
    });
  }

  describe('gives the codes of what it is made of:', () => {
    it('TimeDistributed Dense, those of a Dense', async () => {
      const around = (wrapped: boolean) =>
        sequential({
          layers: [
            layers.dense({units: 5, inputShape: [4, 3], activation: 'tanh'}),
            ...(wrapped
              ? [layers.timeDistributed({layer: layers.dense({units: 4, activation: 'relu'})})]
              : [layers.dense({units: 4, activation: 'relu'})]),
            layers.flatten({}),
            layers.dense({units: 2}),
          ],
        });
      await expectSameCodes(around(true), around(false), gaussianTensor([samples, 4, 3], 1));
    });

    for (const cell of ['SimpleRNN', 'LSTM', 'GRU'] as const) {
      for (const returnSequences of [false, true]) {
        it(`Bidirectional ${cell}${returnSequences ? ' of sequences' : ''}, those of two, one backwards`, async () => {
          const options = {...QUICK, units: 3, returnSequences};
          const wrapped = headed(layers.bidirectional({layer: makers[cell](options), mergeMode: 'concat'}));
          const two = headed(...[false, true].map((goBackwards) => makers[cell]({...options, goBackwards})));
          // A Bidirectional turns the sequence of its backward layer round again; the layers alone are joined as they
          // come.
          await expectSameCodes(wrapped, two, gaussianTensor([samples, 5, 4], 1), {
            sameOutputs: !returnSequences,
            layers: 4,
          });
        });
      }
    }
  });
});

/** Layers on the same input, concatenated, and a Dense layer behind them. */
function headed(...sides: layers.Layer[]): LayersModel {
  const x = input({shape: [5, 4]});
  const given = sides.map((side) => side.apply(x) as SymbolicTensor);
  const joined = given.length === 1 ? given[0] : (layers.concatenate().apply(given) as SymbolicTensor);
  return model({inputs: x, outputs: layers.dense({units: 2}).apply(joined) as SymbolicTensor});
}

interface Comparison {
  readonly sameOutputs?: boolean;
  /** How many kernels, in order, are compared. Default: all. */
  readonly layers?: number;
}

/** The same weights in both, and the same calibration. */
async function expectSameCodes(
  one: LayersModel,
  other: LayersModel,
  x: Tensor,
  {sameOutputs = true, layers: count}: Comparison = {},
): Promise<void> {
  randomize(one, 2);
  other.setWeights(one.getWeights());
  const made = await Promise.all([one, other].map(quantized));
  const [codes, others] = made.map(({layers: compressed}) =>
    quantizedLayers(compressed)
      .slice(0, count)
      .map(({matrices}) => matrices.map((matrix) => Array.from(matrix.codes))),
  );
  expect(codes.length).to.equal(count ?? made[0].layers.length);
  expect(codes).to.deep.equal(others);
  if (sameOutputs) expect(await predictionsOf(made[0].model, x)).to.deep.equal(await predictionsOf(made[1].model, x));
  made.forEach((compression) => {
    compression.dispose();
  });
  [one, other].forEach(disposeModel);
  x.dispose();

  function quantized(network: LayersModel): Promise<Compression> {
    return lastValueFrom(compress(network).pipe(calibrate(x), spfqQuantize({bits: 2, ...FAST, samples: 4})));
  }
}
