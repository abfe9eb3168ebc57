import {type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import type {CompressedLayer} from 'tfjs-compress';
import {gaussians} from '../numerics/randomMatrices.ts';
import {randomize} from './smallNetworks.ts';

/** Dense 33 → 12 → 4: the first layer is wide enough to be pruned by default, 33 · 12 = 396 weights. */
export function wideNetwork(): LayersModel {
  const network = sequential({
    layers: [
      layers.dense({name: 'wide', units: 12, inputShape: [33], activation: 'relu'}),
      layers.dense({name: 'scores', units: 4}),
    ],
  });
  randomize(network, 11);
  return network;
}

/**
 * 36 · 7 and 63 · 9 weights that may be pruned, 7 channels of 9 features that are too narrow, and an output layer of 9
 * · 3.
 */
export function prunableConvnet(): LayersModel {
  const network = sequential({
    layers: [
      layers.conv2d({
        name: 'conv',
        filters: 7,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        inputShape: [6, 6, 4],
      }),
      layers.depthwiseConv2d({name: 'depthwise', kernelSize: 3, strides: 2, padding: 'same', activation: 'relu'}),
      layers.flatten({name: 'flatten'}),
      layers.dense({name: 'hidden', units: 9, activation: 'relu'}),
      layers.dense({name: 'out', units: 3}),
    ],
  });
  randomize(network, 12);
  return network;
}

/** Inputs whose features share a few causes, as those of a hidden layer do. */
export function causedTensor(shape: readonly number[], seed: number): Tensor {
  const [samples, ...rest] = shape;
  const size = rest.reduce((product, one) => product * one, 1);
  const [next, mixing] = [gaussians(seed), gaussians(99)];
  const mixed = Array.from({length: size}, () => [mixing(), mixing(), mixing(), mixing()]);
  const values = Array.from({length: samples}, () => [next(), next(), next(), next()]).flatMap((causes) =>
    mixed.map((weights) => weights.reduce((sum, weight, k) => sum + 0.5 * weight * causes[k], 0.5 * next())),
  );
  return tensor(Float32Array.from(values), [...shape]);
}

/** How many weights of a compressed layer are pruned, over all its problems. */
export function zerosOf({matrices}: CompressedLayer): number {
  return matrices.reduce((sum, {mask}) => sum + (mask ? mask.filter((kept) => kept === 0).length : 0), 0);
}

/** Masks of all problems of a layer, one after the other. */
export function masksOf({matrices}: CompressedLayer): number[] {
  return matrices.flatMap(({mask, features, neurons}) =>
    Array.from(mask ?? new Uint8Array(features * neurons).fill(1)),
  );
}
