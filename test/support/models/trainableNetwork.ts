import {memory, type Tensor, tensor} from '@tensorflow/tfjs-core';
import type {History, LayersModel, ModelCompileArgs, ModelFitArgs} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {denseNetwork, gaussianTensor, untilTensors} from './smallNetworks.ts';

/** A compiled network and samples to train it on. */
export interface Trainable {
  network: LayersModel;
  readonly x: Tensor;
  readonly y: Tensor;
  /** Trains the network on the samples without a word. */
  train(callbacks: object | readonly object[], args?: ModelFitArgs): Promise<History>;
}

interface TrainableOptions {
  /** What the network is compiled with; stochastic gradient descent on the mean squared error by default. */
  readonly compile?: Partial<ModelCompileArgs>;
  readonly samples?: number;
  readonly make?: () => LayersModel;
  /** The targets; random by default. */
  readonly targetsFor?: (x: Tensor) => Tensor | Promise<Tensor>;
}

/**
 * Makes a network and samples before each test of the suite that calls it, and frees them after the test.
 * A test that puts another network in the first one's place frees the first.
 */
export function withTrainableNetwork({
  compile = {},
  samples = 64,
  make = denseNetwork,
  targetsFor = () => gaussianTensor([samples, 3], 2),
}: TrainableOptions = {}): Trainable {
  let current: Pick<Trainable, 'network' | 'x' | 'y'>;
  beforeEach(async () => {
    const network = make();
    network.compile({optimizer: 'sgd', loss: 'meanSquaredError', ...compile});
    const x = gaussianTensor([samples, 6], 1);
    current = {network, x, y: await targetsFor(x)};
  });
  afterEach(() => {
    current.network.dispose();
    current.network.optimizer.dispose();
    current.x.dispose();
    current.y.dispose();
  });
  return {
    get network() {
      return current.network;
    },
    set network(other) {
      current.network = other;
    },
    get x() {
      return current.x;
    },
    get y() {
      return current.y;
    },
    train: (callbacks, args) =>
      current.network.fit(current.x, current.y, {verbose: 0, ...args, callbacks: callbacks as never}),
  };
}

/** A compiled classifier, and the number of tensors at the beginning of the test. */
export interface LeakChecked {
  readonly network: LayersModel;
  readonly tensors: number;
}

/** Makes a classifier before each test of the suite that calls it; the test must leave no other tensor behind. */
export function withLeakCheckedNetwork(): LeakChecked {
  let current: LeakChecked;
  beforeEach(() => {
    const network = denseNetwork();
    network.compile({optimizer: 'sgd', loss: 'categoricalCrossentropy'});
    current = {network, tensors: memory().numTensors};
  });
  afterEach(async () => {
    await untilTensors(current.tensors);
    expect(memory().numTensors, 'tensors').to.equal(current.tensors);
    current.network.dispose();
    current.network.optimizer.dispose();
  });
  return {
    get network() {
      return current.network;
    },
    get tensors() {
      return current.tensors;
    },
  };
}

/** One-hot targets that a linear rule could give: which of the first three features is the largest. */
export async function separable(x: Tensor): Promise<Tensor> {
  const values = await x.data();
  const [samples, features] = x.shape;
  const targets = new Float32Array(3 * samples);
  for (let i = 0; i < samples; i++) {
    const scores = [0, 1, 2].map((k) => values[i * features + k]);
    targets[3 * i + scores.indexOf(Math.max(...scores))] = 1;
  }
  return tensor(targets, [samples, 3]);
}
