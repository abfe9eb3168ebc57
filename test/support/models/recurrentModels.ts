import {mul, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {uniforms} from '../numerics/randomMatrices.ts';
import type {Example} from './models.ts';
import {gaussianTensor, randomize} from './smallNetworks.ts';

const SAMPLES = 24;
/** tfjs's own initializer takes a chained op that is not loaded in tests. */
const QUICK = {recurrentInitializer: 'glorotNormal'} as const;
const TIME = 6;

/** Sentences of different lengths, 0 behind their ends. */
function words(seed: number): Tensor {
  const uniform = uniforms(seed);
  return tensor(
    Array.from({length: SAMPLES}, () => {
      const length = 1 + Math.floor(TIME * uniform());
      return Array.from({length: TIME}, (_, t) => (t < length ? 1 + Math.floor(8 * uniform()) : 0));
    }),
  );
}

/** Sequences with steps that are 0 throughout, also in their midst. */
function sparse(seed: number): Tensor {
  const uniform = uniforms(seed);
  return tidy(() =>
    mul(
      gaussianTensor([SAMPLES, TIME, 3], seed),
      tensor(Array.from({length: SAMPLES}, () => Array.from({length: TIME}, () => [uniform() < 0.7 ? 1 : 0]))),
    ),
  );
}

const sequences = (seed: number, features = 3): Tensor => gaussianTensor([SAMPLES, TIME, features], seed);
const call = (layer: layers.Layer, on: SymbolicTensor | SymbolicTensor[], options = {}): SymbolicTensor =>
  layer.apply(on, options) as SymbolicTensor;
const calls = (layer: layers.Layer, on: SymbolicTensor | SymbolicTensor[], options = {}): SymbolicTensor[] =>
  layer.apply(on, options) as SymbolicTensor[];
const embedding = (): layers.Layer => layers.embedding({inputDim: 9, outputDim: 4, maskZero: true, inputLength: TIME});
const stacked = (...all: layers.Layer[]): LayersModel => sequential({layers: all});
const seeded = (network: LayersModel, ...inputs: Tensor[]): Example => {
  randomize(network, 5);
  return {model: network, inputs};
};

/** Models with recurrent and wrapped layers, by what is special about them. */
export const recurrentExamples: Readonly<Record<string, () => Example>> = {
  'an Embedding that masks, an LSTM and a GRU that goes backwards': () =>
    seeded(
      stacked(
        embedding(),
        layers.lstm({...QUICK, units: 4, returnSequences: true}),
        layers.gru({...QUICK, units: 3, goBackwards: true}),
        layers.dense({units: 2}),
      ),
      words(1),
    ),
  'Masking, a Bidirectional LSTM and a TimeDistributed Dense': () =>
    seeded(
      stacked(
        layers.masking({inputShape: [TIME, 3]}),
        layers.bidirectional({layer: layers.lstm({...QUICK, units: 3, returnSequences: true}), mergeMode: 'concat'}),
        layers.timeDistributed({layer: layers.dense({units: 2, activation: 'tanh'})}),
      ),
      sparse(2),
    ),
  'an Embedding that masks, a TimeDistributed Dense and a SimpleRNN': () =>
    seeded(
      stacked(
        embedding(),
        layers.timeDistributed({layer: layers.dense({units: 5, activation: 'relu'})}),
        layers.simpleRNN({...QUICK, units: 4}),
        layers.dense({units: 2}),
      ),
      words(3),
    ),
  'a decoder that starts from the states of an encoder that masks': () => {
    const source = input({shape: [TIME]}),
      goal = input({shape: [TIME, 3]});
    const [, hidden, cell] = calls(layers.lstm({...QUICK, units: 4, returnState: true}), call(embedding(), source));
    const decoded = call(layers.lstm({...QUICK, units: 4, returnSequences: true}), goal, {
      initialState: [hidden, cell],
    });
    return seeded(
      model({inputs: [source, goal], outputs: call(layers.dense({units: 2}), decoded)}),
      words(4),
      sequences(4),
    );
  },
  'a Bidirectional GRU that starts from given states and returns its own': () => {
    const x = input({shape: [TIME, 3]}),
      start = input({shape: [4]});
    const forwards = call(layers.dense({units: 3}), start),
      backwards = call(layers.dense({units: 3}), start);
    const given = calls(
      layers.bidirectional({layer: layers.gru({...QUICK, units: 3, returnState: true}), mergeMode: 'concat'}),
      x,
      {initialState: [forwards, backwards]},
    );
    return seeded(model({inputs: [x, start], outputs: given}), sequences(5), gaussianTensor([SAMPLES, 4], 6));
  },
  'stacked cells whose sequences and states are outputs': () => {
    const x = input({shape: [TIME, 3]});
    const cell = [layers.gruCell({...QUICK, units: 4}), layers.lstmCell({...QUICK, units: 3})];
    return seeded(
      model({inputs: x, outputs: calls(layers.rnn({cell, returnSequences: true, returnState: true}), x)}),
      sequences(7),
    );
  },
  'an LSTM shared by two inputs': () => {
    const a = input({shape: [TIME, 3]}),
      b = input({shape: [TIME, 3]});
    const shared = layers.lstm({...QUICK, units: 4});
    return seeded(
      model({
        inputs: [a, b],
        outputs: call(layers.dense({units: 2}), call(layers.concatenate(), [call(shared, a), call(shared, b)])),
      }),
      sequences(8),
      sequences(9),
    );
  },
  'a branch without masks beside one that has them, which tfjs runs after it': () => {
    const a = input({shape: [TIME]}),
      b = input({shape: [TIME, 3]});
    const sides = [
      call(layers.lstm({...QUICK, units: 4}), call(embedding(), a)),
      call(layers.lstm({...QUICK, units: 4}), b),
    ];
    return seeded(
      model({inputs: [a, b], outputs: call(layers.dense({units: 2}), call(layers.add(), sides))}),
      words(13),
      sequences(14),
    );
  },
  'dropout between steps, in a cell, in stacked cells and under wrappers': () =>
    seeded(
      stacked(
        layers.lstm({
          ...QUICK,
          units: 4,
          dropout: 0.3,
          recurrentDropout: 0.2,
          returnSequences: true,
          inputShape: [TIME, 3],
        }),
        layers.bidirectional({
          layer: layers.gru({...QUICK, units: 3, recurrentDropout: 0.4, returnSequences: true}),
          mergeMode: 'sum',
        }),
        layers.rnn({
          cell: [layers.simpleRNNCell({...QUICK, units: 3, dropout: 0.5}), layers.simpleRNNCell({...QUICK, units: 3})],
        }),
        layers.dense({units: 2}),
      ),
      sequences(10),
    ),
  'a ConvLSTM2D before another that goes backwards': () =>
    seeded(
      stacked(
        layers.convLstm2d({...QUICK, filters: 2, kernelSize: 2, returnSequences: true, inputShape: [3, 5, 5, 1]}),
        layers.convLstm2d({...QUICK, filters: 2, kernelSize: 3, padding: 'same', goBackwards: true}),
        layers.flatten(),
        layers.dense({units: 2}),
      ),
      gaussianTensor([SAMPLES, 3, 5, 5, 1], 11),
    ),
  'an encoder that masks, and a decoder behind a RepeatVector': () =>
    seeded(
      stacked(
        embedding(),
        layers.lstm({...QUICK, units: 4}),
        layers.repeatVector({n: TIME}),
        layers.lstm({...QUICK, units: 3, returnSequences: true}),
        layers.timeDistributed({layer: layers.dense({units: 2})}),
      ),
      words(12),
    ),
};
