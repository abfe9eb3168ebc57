import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel, ModelFitArgs} from '@tensorflow/tfjs-layers';
import type {Observable} from 'rxjs';
import {batchSource, DEFAULT_READING} from '../data/batchSource.ts';
import type {Compression} from '../stages/run/compression.ts';
import {type FitOptions, training, trainingOptions} from './training.ts';

/** The data of `model.fit`: a tensor, a list with one for each input or output, or tensors by name. */
export type TrainingTensors = Tensor | Tensor[] | Record<string, Tensor>;

/**
 * Trains a model, then emits it as a compression with a random sample of `x` as calibration data. Training begins on
 * subscription; unsubscribing stops it after the current batch. A {@link progress} directly after it sees the epochs.
 *
 * ```ts
 * fit(model, x, y, {epochs: 5}).pipe(spfqQuantize({bits: 2})).subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * @param model a compiled model
 * @param x the inputs; keep them until the pipeline is done
 * @param y the targets
 * @param args those of `model.fit`; its callbacks may be instances, plain objects, or a mixture
 * @returns emits once, after training; an error of `model.fit` or of a callback goes down the stream
 * @throws OptionError at once, for an unknown option
 */
export function fit(
  model: LayersModel,
  x: TrainingTensors,
  y: TrainingTensors,
  args: ModelFitArgs = {},
  options: FitOptions = {},
): Observable<Compression> {
  const {seed, samples} = trainingOptions('fit', options);
  return training({
    where: 'fit',
    model,
    seed,
    args,
    prepare: () => ({
      train: (run) => model.fit(x, y, {...args, callbacks: [run]}),
      calibration: () => batchSource('fit', x, {...DEFAULT_READING, samples, seed}),
    }),
  });
}
