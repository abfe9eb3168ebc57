import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression} from 'tfjs-compress';
import {weightsOf} from '../support/models/smallNetworks.ts';

/** The layers of `prunableConvnet` with a kernel. */
const LAYERS = ['conv', 'depthwise', 'hidden', 'out'];

/** What stages make of a `prunableConvnet`, and its kernels by layer; the model is freed. */
export async function pruneKernels(
  network: LayersModel,
  x: Tensor,
  stages: ReadonlyArray<OperatorFunction<Compression, Compression>>,
): Promise<Compression & {readonly kernels: ReadonlyMap<string, number[]>}> {
  const source = compress(network).pipe(calibrate(x, {rows: 1024}));
  const result = await lastValueFrom(stages.reduce((stream, one) => one(stream), source));
  const weights = await weightsOf(result.model);
  result.dispose();
  return {...result, kernels: new Map(LAYERS.map((name, i) => [name, weights[2 * i]]))};
}
