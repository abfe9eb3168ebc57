import {dispose, memory, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {Matrix} from 'tfjs-compress/numerics';
import {kernelsOf} from '../../../src/layers/registry.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {type Recurrent64, type Run64, run64} from '../../support/layers/cells64.ts';
import {describeCompressed} from '../../support/layers/describeCompressed.ts';
import {kernelSums} from '../../support/layers/kernelSums.ts';
import {numbersOf} from '../../support/layers/layerCase.ts';
import {expectMatricesToRoundTrip} from '../../support/layers/layerColumns.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';
import {largestDifference} from '../../support/numerics/randomMatrices.ts';

const [batch, time, features, units] = [3, 5, 4, 3];
const makers = {SimpleRNN: layers.simpleRNN, LSTM: layers.lstm, GRU: layers.gru} as const;
const cells = ['SimpleRNN', 'LSTM', 'GRU'] as const;
/** The first sample ends early, the second has a hole, the third counts from its second step on. */
const MASK = [1, 1, 1, 0, 0, /**/ 1, 0, 1, 1, 0, /**/ 0, 1, 1, 1, 1];
/** tfjs's own takes a chained op that is not loaded here. */
const QUICK = {recurrentInitializer: 'glorotNormal'} as const;
const flags = [false, true];

onBackends(['cpu', 'wasm'], () => {
  describe('columns · matrices + bias are the sums before activations', () => {
    for (const cell of cells) {
      for (const activation of ['tanh', 'relu', 'sigmoid'] as const) {
        it(`of ${cell}, ${activation}: with and without bias, mask, initial states, sequences, both ways`, async () => {
          for (const goBackwards of flags)
            for (const useBias of flags)
              for (const returnSequences of flags)
                for (const masked of flags)
                  for (const starts of flags) {
                    await check(
                      {cell, activation, goBackwards, mask: masked ? MASK : undefined},
                      {useBias, returnSequences, starts},
                    );
                  }
        });
      }
    }

    for (const cell of ['LSTM', 'GRU'] as const) {
      it(`of ${cell} with other activations of its gates`, async () => {
        for (const recurrentActivation of ['sigmoid', 'tanh'] as const) {
          await check(
            {cell, activation: 'tanh', recurrentActivation},
            {useBias: true, returnSequences: true, starts: false},
          );
        }
      });
    }
  });

  for (const cell of cells) {
    for (const options of [{}, {goBackwards: true, returnSequences: true, useBias: false}]) {
      describeCompressed({
        name: `${cell} ${JSON.stringify(options)}`,
        shape: [6, 5],
        layer: (args) => makers[cell]({...args, ...options, ...QUICK, units: 4}),
        columns: (input, weights) => columnsOf(cell, run64({cell, activation: 'tanh', ...options}, input, weights)),
      });
    }
  }

  describeCompressed({
    name: 'RNN around a GRUCell',
    shape: [6, 5],
    layer: (args) => layers.rnn({...args, cell: layers.gruCell({...QUICK, units: 4})}),
    columns: (input, weights) => columnsOf('GRU', run64({cell: 'GRU', activation: 'tanh'}, input, weights)),
  });

  describeCompressed({
    name: 'RNN around an LSTMCell, a GRUCell and a SimpleRNNCell',
    shape: [6, 5],
    layer: (args) =>
      layers.rnn({
        ...args,
        cell: [
          layers.lstmCell({...QUICK, units: 4}),
          layers.gruCell({...QUICK, units: 3, useBias: false}),
          layers.simpleRNNCell({...QUICK, units: 2}),
        ],
      }),
    columns: (input, weights) => {
      let from = 0;
      let rows = input;
      return (
        [
          ['LSTM', 3],
          ['GRU', 2],
          ['SimpleRNN', 3],
        ] as const
      ).flatMap(([cell, count]) => {
        const run = run64({cell, activation: 'tanh'}, rows, weights.slice(from, (from += count)));
        rows = {shape: [...input.shape.slice(0, 2), run.outputs.columns], data: run.outputs.data};
        return columnsOf(cell, run);
      });
    },
  });
});

/** Of all rows of X, by kernel and problem. */
function columnsOf(cell: Recurrent64['cell'], {inputs, hidden, reset}: Run64): Matrix[][] {
  return [[inputs], cell === 'GRU' ? [hidden, hidden, reset] : [hidden]];
}

interface Options {
  readonly useBias: boolean;
  readonly returnSequences: boolean;
  /** Whether initial states are given. */
  readonly starts: boolean;
}

async function check(plain: Recurrent64, {useBias, returnSequences, starts}: Options): Promise<void> {
  const before = memory().numTensors;
  const {cell, activation, goBackwards = false, recurrentActivation = 'hardSigmoid'} = plain;
  const layer = makers[cell]({
    ...QUICK,
    units,
    activation,
    goBackwards,
    useBias,
    returnSequences,
    ...(cell === 'SimpleRNN' ? {} : {recurrentActivation}),
  });
  layer.build([null, time, features]);
  layer.built = true; // tfjs forgets it
  const weights = layer.getWeights().map(({shape}, i) => gaussianTensor(shape, 10 + i));
  layer.setWeights(weights);
  const inputs = [
    gaussianTensor([batch, time, features], 1),
    ...Array.from({length: starts ? stateCount(cell) : 0}, (_, i) => gaussianTensor([batch, units], 2 + i)),
  ];
  const mask = plain.mask && tensor(Array.from(plain.mask), [batch, time]);
  const [x, ...states] = await Promise.all(inputs.map(numbersOf));
  const run = run64({...plain, states}, x, await Promise.all(weights.map(numbersOf)));

  const output = applied(layer, inputs, mask);
  expect(
    largestDifference(await output.data(), returnSequences ? run.outputs.data : lastSteps(run.outputs)),
  ).to.be.below(1e-5);

  const [kernel, recurrent] = kernelsOf(layer).map((named) => named.kernel);
  expect(largestDifference((await kernelSums(kernel, layer, inputs, mask)).data, run.inputSums.data)).to.be.below(1e-5);
  expect(largestDifference((await kernelSums(recurrent, layer, inputs, mask)).data, run.hiddenSums.data)).to.be.below(
    1e-5,
  );
  await expectMatricesToRoundTrip(layer);
  dispose([output, ...inputs, ...weights, ...layer.getWeights(), ...(mask ? [mask] : [])]);
  expect(memory().numTensors).to.equal(before);
}

function applied(layer: layers.Layer, inputs: readonly Tensor[], mask: Tensor | undefined): Tensor {
  return tidy(() => layer.apply([...inputs], mask ? {mask} : {}) as Tensor);
}

function stateCount(cell: Recurrent64['cell']): number {
  return cell === 'LSTM' ? 2 : 1;
}

function lastSteps({columns, data}: Matrix): number[] {
  return Array.from({length: batch}, (_, b) =>
    Array.from(data.subarray(((b + 1) * time - 1) * columns, (b + 1) * time * columns)),
  ).flat();
}
