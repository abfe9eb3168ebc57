import type {LayersModel} from '@tensorflow/tfjs-layers';
import {Observable} from 'rxjs';
import {type BatchSource, DEFAULT_READING} from '../data/batchSource.ts';
import {integer, resolveOptions, seedRule} from '../options.ts';
import {type Compression, createCompression, requireCompressible} from '../stages/run/compression.ts';
import type {SourceOptions} from './compress.ts';
import {EpochProgress, type EpochRange} from './epochProgress.ts';
import {TrainingObservable} from './trainingObservable.ts';
import {type GivenCallbacks, TrainingRun} from './trainingRun.ts';

/** Options of {@link fit} and {@link fitDataset} that are not for tfjs. */
export interface FitOptions extends SourceOptions {
  /** The number of training inputs that become the default calibration data, chosen at random. Default 4,096. */
  readonly samples?: number;
}

/** A training that has not begun. */
export interface Training {
  /** The name of the source, for messages and for observers. */
  readonly where: string;
  readonly model: LayersModel;
  readonly seed: number;
  /** The caller's callbacks and epochs. */
  readonly args: GivenCallbacks & EpochRange;
  /** Prepares a training; called for each subscription. */
  readonly prepare: () => PreparedTraining;
}

/** The training of one subscription. */
export interface PreparedTraining {
  /** Trains, with the run as its only callback. */
  readonly train: (run: TrainingRun) => Promise<unknown>;
  /** The default calibration data, once the model is trained. */
  readonly calibration: () => BatchSource | undefined;
}

/**
 * Trains on subscription, and emits the model when it is trained. Unsubscribing stops the training after the current
 * batch.
 */
export function training({where, model, seed, args, prepare}: Training): Observable<Compression> {
  // A constructor and not `defer`: unsubscribing has to stop the training.
  return new TrainingObservable(
    (observers) =>
      new Observable((subscriber) => {
        requireCompressible(where, model);
        const {train, calibration} = prepare();
        const run = new TrainingRun(args, [new EpochProgress(where, args, observers)]);
        run
          .of(train)
          .then(() => {
            if (subscriber.closed) return;
            subscriber.next({...createCompression(where, model, calibration(), seed), observers});
            subscriber.complete();
          })
          .catch((error: unknown) => {
            subscriber.error(error);
          });
        return () => {
          run.stop();
        };
      }),
  );
}

/**
 * Checks the options of a training source and completes them.
 * @throws OptionError
 */
export function trainingOptions(where: string, options: FitOptions): Required<FitOptions> {
  return resolveOptions<Required<FitOptions>>(where, options, {
    seed: seedRule,
    samples: integer(DEFAULT_READING.samples, 1),
  });
}
