import {add, mul, slice, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {type Matrix, matrix} from 'tfjs-compress/numerics';
import {walkLayers} from '../../../src/calibration/layerWalk.ts';
import type {ProblemStatistics} from '../../../src/calibration/problemStatistics.ts';
import {type CompressionTarget, findTargets} from '../../../src/calibration/targets.ts';
import {targetVisitor} from '../../../src/calibration/targetStatistics.ts';
import type {BatchSource} from '../../../src/data/batchSource.ts';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {createNetworkPair, type NetworkPair} from '../../../src/model/networkPair.ts';
import {immediately, type TaskRunner} from '../../../src/numerics/task.ts';

/** Inputs in batches of a size, all of their rows. */
export function sourceOf(inputs: readonly Tensor[], batchSize: number, rows = 2 ** 20): BatchSource {
  const samples = inputs[0].shape[0];
  return {
    samples,
    rows,
    async *read() {
      for (let first = 0; first < samples; first += batchSize) {
        yield tidy(() => inputs.map((input) => slice(input, first, Math.min(batchSize, samples - first))));
      }
    },
  };
}

/** What a test does on a walk. */
export interface WalkUse {
  readonly memory?: number;
  readonly runner?: TaskRunner;
  readonly prepare?: (networks: NetworkPair) => void;
  readonly visit?: (target: CompressionTarget, statistics: ProblemStatistics[]) => void | Promise<void>;
  /** Default true. */
  readonly rewrites?: boolean;
}

/** Walks a model; every visit changes its layer by 1 %, as a coarse rounding would, unless `rewrites` is false. */
export async function walk(
  model: LayersModel,
  source: BatchSource,
  {memory = 2 ** 29, runner = immediately, prepare, visit, rewrites = true}: WalkUse,
): Promise<void> {
  const networks = await createNetworkPair(model, model);
  try {
    prepare?.(networks);
    const {targets} = findTargets(networks, () => undefined);
    const options = {networks, model, source, memory, seed: 1, runner};
    await walkLayers(
      targets.map((target) =>
        targetVisitor(target, async (statistics) => {
          await visit?.(target, statistics);
          if (!rewrites) return;
          const weights = tidy(() => target.shadowLayer.getWeights().map((weight) => add(mul(weight, 1.01), 0.01)));
          networks.rewrite(target.shadowLayer, weights);
          weights.forEach((weight) => {
            weight.dispose();
          });
        }),
      ),
      options,
    );
  } finally {
    disposeModel(networks.shadowModel);
  }
}

/** Counts the calls of layers from now on. */
export function countCalls(watched: readonly layers.Layer[]): number[] {
  const counts = watched.map(() => 0);
  watched.forEach((layer, i) => {
    const call = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => {
      counts[i]++;
      return call(inputs, kwargs);
    };
  });
  return counts;
}

/** A tensor of rows as a matrix. */
export async function matrixOf(tensor: Tensor): Promise<Matrix> {
  const columns = tensor.shape[tensor.rank - 1];
  return matrix(tensor.size / columns, columns, Float64Array.from(await tensor.data()));
}
