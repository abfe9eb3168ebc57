import type {Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import type {Matrix} from 'tfjs-compress/numerics';
import {gaussianTensor, randomize} from '../models/smallNetworks.ts';

/** A tensor in float64. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A layer of a type that has an adapter, for the checks of `describeCompressed`. */
export interface LayerCase {
  /** In the names of tests. */
  readonly name: string;
  /** The layer; its name is to be the given one. */
  readonly layer: (args: {readonly name: string}) => layers.Layer;
  /** The shape of one of its inputs, without the batch. */
  readonly shape: readonly number[];
  /**
   * Rows of X of all its kernels, in the order of the adapter's, each by problem; all rows in the order of (sample,
   * position), made of numbers alone, in another way than the adapter makes them.
   * @param input `[batch, …]`
   * @param weights of the layer, in their order
   */
  readonly columns: (input: Numbers, weights: readonly Numbers[]) => ReadonlyArray<readonly Matrix[]>;
  /**
   * What the network is given, of a layer that does not take any numbers: it comes first then. Default: normal numbers,
   * and a Dense layer before it.
   */
  readonly inputs?: (shape: number[], seed: number) => Tensor;
  /** What H and G have besides the products of columns, on their diagonals. Default 0. */
  readonly prior?: number;
}

/**
 * The layer, named `layer`, in a small network: behind a Dense layer on its last axis, unless it has inputs of its own,
 * and before another.
 */
export function networkOf({layer, shape, inputs}: LayerCase, seed = 1): LayersModel {
  const network = sequential();
  if (inputs) network.add(layers.inputLayer({inputShape: [...shape]}));
  else
    network.add(
      layers.dense({name: 'before', units: shape[shape.length - 1], activation: 'tanh', inputShape: [...shape]}),
    );
  network.add(layer({name: 'layer'}));
  if ([network.layers[network.layers.length - 1].outputShape].flat().length > 2)
    network.add(layers.flatten({name: 'flat'}));
  network.add(layers.dense({name: 'last', units: 3}));
  randomize(network, seed);
  return network;
}

/** Inputs of the network. */
export function samplesFor({shape, inputs = gaussianTensor}: LayerCase, samples: number, seed: number): Tensor {
  return inputs([samples, ...shape], seed);
}

/** A tensor in plain memory. */
export async function numbersOf(tensor: Tensor): Promise<Numbers> {
  return {shape: tensor.shape, data: Float64Array.from(await tensor.data())};
}
