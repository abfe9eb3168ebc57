import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {uniforms} from '../numerics/randomMatrices.ts';
import {randomize} from './smallNetworks.ts';

/** Words, of which the last block of rows has one too few: ⌈515 / 256⌉ = 3 blocks of 172. */
const VOCABULARY = 515;
const DIMENSION = 4;
const TIME = 10;
/** Only the words before it are ever looked up. */
const SEEN = 300;

export function wordNetwork({
  vocabulary = VOCABULARY,
  time = TIME,
  maskZero = false,
}: {
  readonly vocabulary?: number;
  readonly time?: number;
  readonly maskZero?: boolean;
}): LayersModel {
  const network = sequential({
    layers: [
      layers.embedding({name: 'words', inputDim: vocabulary, outputDim: DIMENSION, inputLength: time, maskZero}),
      ...(maskZero
        ? [layers.lstm({name: 'reader', units: 3, recurrentInitializer: 'glorotUniform'})]
        : [layers.globalAveragePooling1d({name: 'mean'})]),
      layers.dense({name: 'out', units: 2}),
    ],
  });
  randomize(network, 5);
  return network;
}

/** Of the first words, frequent ones first. */
export function someTokens(count: number): Int32Array {
  const next = uniforms(9);
  return Int32Array.from({length: count}, () => Math.floor(SEEN * next() ** 2));
}
