import {memory, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, model, type Sequential, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {firstValueFrom, type Observable, throwIfEmpty} from 'rxjs';
import {gaussians} from '../numerics/randomMatrices.ts';

/** Independent normal numbers. */
export function gaussianTensor(shape: number[], seed: number): Tensor {
  const next = gaussians(seed);
  return tensor(Float32Array.from({length: shape.reduce((product, size) => product * size, 1)}, next), shape);
}

/** A dense network 6 → 8 → 3 with the same weights on every call. */
export function denseNetwork(): Sequential {
  const network = sequential({
    layers: [
      layers.dense({name: 'hidden', units: 8, inputShape: [6], activation: 'relu'}),
      layers.dense({name: 'scores', units: 3, activation: 'softmax'}),
    ],
  });
  randomize(network, 1);
  return network;
}

/** Two inputs, `left` `[4]` and `right` `[5]`, that are added up. */
export function twoInputs(): LayersModel {
  const left = layers.input({name: 'left', shape: [4]});
  const right = layers.input({name: 'right', shape: [5]});
  const sum = layers
    .add({name: 'sum'})
    .apply([
      layers.dense({name: 'fromLeft', units: 6}).apply(left),
      layers.dense({name: 'fromRight', units: 6}).apply(right),
    ] as never);
  const output = layers.dense({name: 'out', units: 2}).apply(sum);
  const network = model({inputs: [left, right], outputs: output as never});
  randomize(network, 2);
  return network;
}

/** Puts normal numbers of deviation ½ into every weight. */
export function randomize(network: Pick<LayersModel, 'getWeights' | 'setWeights'>, seed: number): void {
  const weights = network.getWeights().map(({shape}, i) => {
    const next = gaussians(100 * seed + i);
    return tensor(
      Float32Array.from({length: shape.reduce((product, size) => product * size, 1)}, () => 0.5 * next()),
      shape,
    );
  });
  network.setWeights(weights);
  weights.forEach((weight) => {
    weight.dispose();
  });
}

/** All weights of a model, in plain memory. */
export async function weightsOf(network: LayersModel): Promise<number[][]> {
  return Promise.all(network.getWeights().map(async (weight) => Array.from(await weight.data())));
}

/** What a model predicts, in plain memory. */
export async function predictionsOf(network: LayersModel, x: Tensor | Tensor[]): Promise<number[]> {
  const output = network.predict(x) as Tensor;
  const values = Array.from(await output.data());
  output.dispose();
  return values;
}

/** The error with which a stream ends. */
export async function errorOf(stream: Observable<unknown>): Promise<Error> {
  try {
    await firstValueFrom(stream.pipe(throwIfEmpty(() => new Error('the stream was empty'))));
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected the stream to end with an error, it emitted');
}

/** Runs something that must leave no tensor behind and the model bit by bit as it was. */
export async function leavingAlone<Result>(network: LayersModel, run: () => Promise<Result>): Promise<Result> {
  const weights = await weightsOf(network);
  const tensors = memory().numTensors;
  const bytes = memory().numBytes;
  const result = await run();
  await untilTensors(tensors);
  expect(memory().numTensors, 'tensors').to.equal(tensors);
  expect(memory().numBytes, 'bytes').to.equal(bytes);
  expect(await weightsOf(network), 'weights').to.deep.equal(weights);
  return result;
}

/** Waits until there are so many tensors, or a second is over: a cancelled run ends at its next pause. */
export async function untilTensors(count: number): Promise<void> {
  for (let i = 0; i < 200 && memory().numTensors !== count; i++)
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
}
