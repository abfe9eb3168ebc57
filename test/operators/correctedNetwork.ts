import type {Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression, correct, type CorrectOptions} from 'tfjs-compress';
import {randomize} from '../support/models/smallNetworks.ts';

export type Stage = OperatorFunction<Compression, Compression>;

/** Dense 40 → 34 → 12 → 4, wide enough that every stage works on its layers. */
export function correctableNetwork(): LayersModel {
  const network = sequential({
    layers: [
      layers.dense({name: 'first', units: 34, inputShape: [40], activation: 'relu'}),
      layers.dense({name: 'second', units: 12, activation: 'relu'}),
      layers.dense({name: 'scores', units: 4}),
    ],
  });
  randomize(network, 21);
  return network;
}

/** What stages make of a network. */
export async function compressBy(network: LayersModel, x: Tensor, stages: readonly Stage[]): Promise<Compression> {
  return lastValueFrom(stages.reduce((stream, stage) => stage(stream), compress(network).pipe(calibrate(x))));
}

/** Use of a result before and after a correction; both are freed afterwards. */
export async function useCorrected<Result>(
  network: LayersModel,
  x: Tensor,
  [stages, options]: readonly [stages: readonly Stage[], options: CorrectOptions],
  use: (before: Compression, after: Compression) => Promise<Result>,
): Promise<Result> {
  const before = await compressBy(network, x, stages);
  const after = await compressBy(network, x, [...stages, correct(options)]);
  try {
    return await use(before, after);
  } finally {
    [before, after].forEach((one) => {
      one.dispose();
    });
  }
}
