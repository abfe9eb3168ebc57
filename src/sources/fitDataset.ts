import type {LayersModel, ModelFitDatasetArgs} from '@tensorflow/tfjs-layers';
import type {Observable} from 'rxjs';
import {type BatchSource, batchSource, DEFAULT_READING} from '../data/batchSource.ts';
import {findOpener} from '../data/elements.ts';
import {sampleBatches} from '../data/sampleRows.ts';
import {DataError, formatValue} from '../errors.ts';
import type {Compression} from '../stages/run/compression.ts';
import {type FitOptions, type PreparedTraining, training, trainingOptions} from './training.ts';
import {type TrainingDataset, WatchedDataset} from './watchedDataset.ts';

/**
 * Trains a model on a data set, then emits it as a compression with a random sample of the data set's inputs as
 * calibration data. Training begins on subscription; unsubscribing stops it after the current batch. A {@link progress}
 * directly after it sees the epochs.
 *
 * ```ts
 * fitDataset(model, dataset, {epochs: 5})
 *   .pipe(spfqQuantize({bits: 2}))
 *   .subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * Sampling: training counts the rows of an epoch (of `batchesPerEpoch` batches, if that is given); each stage then
 * reads that part of the data set once more and keeps one random row of each of `samples` equal stretches, so that
 * sorted data gives rows of every class. One element and 32 rows are in memory at a time. The data set must start anew
 * on every reading, and yield the same number of rows.
 * @param model a compiled model
 * @param dataset a `tf.data.Dataset`, or an object with its `iterator()`, of batches `{xs, ys}`; each a tensor, an
 *   array, or tensors by name
 * @param args those of `model.fitDataset`; its callbacks may be instances, plain objects, or a mixture
 * @returns emits once, after training; an error of the data set, of `model.fitDataset` or of a callback goes down the
 *   stream
 * @throws OptionError at once, for an unknown option; DataError at once, if `dataset` is no data set
 */
export function fitDataset(
  model: LayersModel,
  dataset: TrainingDataset,
  args: ModelFitDatasetArgs<unknown>,
  options: FitOptions = {},
): Observable<Compression> {
  const {seed, samples} = trainingOptions('fitDataset', options);
  requireDataset(dataset);
  return training({
    where: 'fitDataset',
    model,
    seed,
    args,
    prepare: () => prepareTraining(model, dataset, args, {seed, samples}),
  });
}

function prepareTraining(
  model: LayersModel,
  dataset: TrainingDataset,
  args: ModelFitDatasetArgs<unknown>,
  options: Required<FitOptions>,
): PreparedTraining {
  const batchesPerEpoch = args.batchesPerEpoch ?? Infinity;
  let rows = 0;
  return {
    train: async (run) => {
      const watched = new WatchedDataset(dataset, {where: 'fitDataset', model, run, batchesPerEpoch});
      try {
        await model.fitDataset(watched, {...args, callbacks: [run]});
      } catch (error) {
        watched.dispose();
        throw error;
      }
      rows = watched.rows;
    },
    calibration: () => calibrationOf(model, dataset, {...options, rows, elements: batchesPerEpoch}),
  };
}

function calibrationOf(
  model: LayersModel,
  dataset: TrainingDataset,
  {rows, samples, seed, elements}: Required<FitOptions> & {readonly rows: number; readonly elements: number},
): BatchSource {
  if (rows === 0)
    throw new DataError(
      'fitDataset: expected at least one batch {xs, ys}, got an empty data set, or no epoch to train',
    );
  const where = 'fitDataset: calibration';
  const reading = {...DEFAULT_READING, samples: Math.min(rows, samples), seed};
  // Read the way training reads it, even if it is something else as well.
  const open = findOpener(where, {iterator: () => dataset.iterator()});
  return batchSource(where, () => sampleBatches(where, open(), {...reading, model, rows, elements}), reading);
}

function requireDataset(dataset: unknown): void {
  const isDataset =
    typeof dataset === 'object' && dataset !== null && 'iterator' in dataset && typeof dataset.iterator === 'function';
  if (!isDataset)
    throw new DataError(
      `fitDataset: expected a tf.data.Dataset, or something with its iterator(), got ${formatValue(dataset)}; ` +
        'for tensors there is fit',
    );
}
