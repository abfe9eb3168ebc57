import {
  dispose,
  MomentumOptimizer,
  type Optimizer,
  type Tensor,
  type TensorContainer,
  train,
} from '@tensorflow/tfjs-core';
import {Callback, type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, spfqPrune} from 'tfjs-compress';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {causedTensor} from './prunableNetworks.ts';
import {gaussianTensor} from './smallNetworks.ts';

/** The optimizers by which models are trained here. */
export type OptimizerName = 'sgd' | 'adam' | 'momentum';

/** Compiles a model, and frees the optimizer when the training is over. */
export async function withOptimizer(
  network: LayersModel,
  name: OptimizerName,
  run: (optimizer: Optimizer) => Promise<unknown>,
): Promise<void> {
  const optimizer: Optimizer = {
    sgd: () => train.sgd(0.01),
    adam: () => train.adam(0.01),
    momentum: () => train.momentum(0.01, 0.9),
  }[name]();
  network.compile({optimizer, loss: 'meanSquaredError'});
  await run(optimizer);
  optimizer.dispose();
  // Tfjs forgets it.
  if (optimizer instanceof MomentumOptimizer) dispose(Reflect.get(optimizer, 'c') as TensorContainer);
}

/** 40 samples for a model with one input and one output. */
export function samplesFor({inputs: [input], outputs: [output]}: LayersModel): {x: Tensor; y: Tensor} {
  return {
    x: causedTensor([40, ...input.shape.slice(1).map(Number)], 5),
    y: gaussianTensor([40, ...output.shape.slice(1).map(Number)], 6),
  };
}

/** 60 % zeros, quickly. */
export const byMagnitude = {sparsity: 0.6, mask: 'magnitude'} as const;

/** A pruned network, and samples for it. */
export interface Pruned {
  readonly compression: Compression;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Prunes a network, and frees all that there was afterwards. */
export async function withPruned(
  network: LayersModel,
  use: (pruned: Pruned) => Promise<void>,
  pruning = (given: LayersModel, x: Tensor) =>
    lastValueFrom(compress(given).pipe(calibrate(x), spfqPrune(byMagnitude))),
): Promise<void> {
  const {x, y} = samplesFor(network);
  const compression = await pruning(network, x);
  await use({compression, x, y});
  compression.dispose();
  disposeModel(network);
  [x, y].forEach((one) => {
    one.dispose();
  });
}

/** The kernel of a layer, in plain memory. */
export async function kernelOf(network: LayersModel, name: string): Promise<number[]> {
  return Array.from(await network.getLayer(name).getWeights()[0].data());
}

/** How many weights are 0. */
export function zeros(weights: readonly number[]): number {
  return weights.filter((weight) => weight === 0).length;
}

/** Waits until a model is not training. */
export async function whenIdle(network: LayersModel): Promise<void> {
  const inner = network as unknown as {isTraining: boolean; model?: {isTraining: boolean}};
  for (let i = 0; i < 400; i++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    if (!inner.isTraining && !inner.model?.isTraining) return;
  }
}

export interface Setting {
  readonly network: LayersModel;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly optimizer: Optimizer;
}

/** A compiled network with data; frees all afterwards. */
export async function training(
  network: LayersModel,
  name: OptimizerName,
  use: (setting: Setting) => Promise<void>,
): Promise<void> {
  const {x, y} = samplesFor(network);
  await withOptimizer(network, name, (optimizer) => use({network, x, y, optimizer}));
  disposeModel(network);
  [x, y].forEach((one) => {
    one.dispose();
  });
}

/** Zeros are exactly where they were, and most other weights have moved: all but those of dead neurons. */
export function expectKept(before: readonly number[], after: readonly number[]): void {
  expect(before.map((weight) => weight === 0)).to.deep.equal(after.map((weight) => Object.is(weight, 0)));
  expect(before.filter((weight, i) => weight !== after[i]).length).to.be.greaterThan(
    0.5 * (before.length - zeros(before)),
  );
}

export class Counter extends Callback {
  constructor(private readonly count: () => void) {
    super();
  }

  override async onBatchEnd(): Promise<void> {
    this.count();
  }
}
