import type {GraphModel} from '@tensorflow/tfjs-converter';
import {Observable} from 'rxjs';
import {buildBridge} from '../converted/bridge/bridgeModel.ts';
import {disposeModel} from '../model/disposeModel.ts';
import {resolveOptions, seedRule} from '../options.ts';
import {type Compression, createCompression} from '../stages/run/compression.ts';
import type {SourceOptions} from './compress.ts';

/**
 * Begins a pipeline with a converted model from `tf.loadGraphModel`. The model is never written to, and is no longer
 * needed once the compression was emitted.
 *
 * `original` and `model` are tf.LayersModels of the same function: MatMul, Conv2D and DepthwiseConv2dNative with
 * constant weights are layers, named after their nodes; tfjs-converter runs the nodes between them as before.
 * {@link exportGraph} and {@link toGraphModel} make a GraphModel again.
 *
 * ```ts
 * const compression = await lastValueFrom(
 *   compressGraph(graphModel).pipe(calibrate(x), spfqQuantize({bits: 8}), correct()),
 * );
 * await exportGraph(compression, 'downloads://small');
 * ```
 * @param graphModel a loaded tf.GraphModel; nodes after an op that tfjs only runs asynchronously stay as they are
 * @returns emits one compression on subscription, and completes; a model that cannot be compressed ends it with a
 *   ModelError
 * @throws OptionError at once, for an unknown option
 */
export function compressGraph(graphModel: GraphModel, options: SourceOptions = {}): Observable<Compression> {
  const {seed} = resolveOptions<Required<SourceOptions>>('compressGraph', options, {
    seed: seedRule,
  });
  // A constructor and not `from(promise)`: a bridge that comes after the unsubscription has to be freed.
  return new Observable((subscriber) => {
    graphCompression(graphModel, seed).then(
      (compression) => {
        if (subscriber.closed) compression.dispose();
        subscriber.next(compression);
        subscriber.complete();
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
  });
}

async function graphCompression(graphModel: GraphModel, seed: number): Promise<Compression> {
  const {model, origin: graph} = await buildBridge('compressGraph', graphModel);
  return createCompression('compressGraph', model, undefined, seed, {
    release: () => {
      disposeModel(model);
    },
    wait: () => undefined,
    graph,
  });
}
