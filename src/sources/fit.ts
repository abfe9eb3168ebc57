import {CustomCallback, type LayersModel, type ModelFitArgs} from '@tensorflow/tfjs-layers';
import {Observable} from 'rxjs';
import type {Tensor} from '@tensorflow/tfjs-core';
import {batchSource, DEFAULT_READING} from '../graph/batches.ts';
import {compressionOf, requireCompressible} from '../methods/compressionOf.ts';
import {integer, resolveOptions} from '../options.ts';
import type {Compression} from '../types.ts';
import type {SourceOptions} from './compress.ts';

/** Options of {@link fit} that are not for tfjs. */
export interface FitOptions extends SourceOptions {
  /** How many of the training inputs become the default calibration data, chosen at random. Default 4,096. */
  readonly samples?: number;
}

/** What `model.fit` trains on: a tensor, one for each input or output, or by name. */
export type TrainingTensors = Tensor | Tensor[] | Record<string, Tensor>;

/**
 * Trains a model, then emits it as a compression with a random sample of `x` as calibration data: one line added to a training script.
 * Training begins on subscription; unsubscribing stops it after the current batch.
 *
 * ```ts
 * fit(model, x, y, {epochs: 5}).pipe(spfqQuantize({bits: 2})).subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * @param model compiled
 * @param x inputs; keep them until the pipeline is done
 * @param y targets
 * @param args as of `model.fit`
 * @returns emits once, after training; an error of `model.fit` goes down the stream
 * @throws OptionError at once, for an unknown option
 */
export function fit(model: LayersModel, x: TrainingTensors, y: TrainingTensors, args: ModelFitArgs = {}, options: FitOptions = {}): Observable<Compression> {
  const {seed, samples} = resolveOptions<Required<FitOptions>>('fit', options, {
    seed: integer(0, 0, Number.MAX_SAFE_INTEGER),
    samples: integer(DEFAULT_READING.samples, 1),
  });
  // A constructor and not `defer`: unsubscribing has to stop the training.
  return new Observable((subscriber) => {
    requireCompressible('fit', model);
    let isTraining = true;
    // tfjs forgets a stop that comes before its first epoch.
    const stopIfClosed = (): void => { if (subscriber.closed) model.stopTraining = true; };
    model.fit(x, y, {...args, callbacks: withEpochBegin(args, stopIfClosed)}).finally(() => { isTraining = false; }).then(() => {
      if (subscriber.closed) return;
      const calibration = batchSource('fit', x, {...DEFAULT_READING, samples, seed});
      subscriber.next(compressionOf('fit', model, calibration, seed));
      subscriber.complete();
    }).catch((error: unknown) => { subscriber.error(error); });
    return () => { if (isTraining) model.stopTraining = true; };
  });
}

/** The callbacks of `args` and one more. tfjs takes a list of instances or a list of plain objects, told apart by the first. */
function withEpochBegin({callbacks, yieldEvery}: ModelFitArgs, onEpochBegin: () => void): NonNullable<ModelFitArgs['callbacks']> {
  const given = callbacks === undefined ? [] : [callbacks].flat();
  const takesInstances = given.length > 0 && 'setModel' in given[0];
  return [...given, takesInstances ? new CustomCallback({onEpochBegin}, yieldEvery) : {onEpochBegin}] as NonNullable<ModelFitArgs['callbacks']>;
}
