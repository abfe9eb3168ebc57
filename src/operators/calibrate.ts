import {map, type Observable, type OperatorFunction} from 'rxjs';
import {batchSource, DEFAULT_READING, type InputData} from '../data/batchSource.ts';
import {integer, resolveOptions, stageSeedRule} from '../options.ts';
import type {Compression} from '../stages/run/compression.ts';
import {asyncElements, isObservable} from './asyncElements.ts';

/** How calibration data is read. */
export interface CalibrateOptions {
  /** The largest number of samples to read: a random choice of tensors, the first of other data. Default 4,096. */
  readonly samples?: number;
  /** The number of samples that go through the networks together. Default 32. */
  readonly batchSize?: number;
  /**
   * The largest number of rows that a layer takes from all samples: convolutions choose positions at random, an
   * Embedding counts all. Default 32,768. A stream is assumed to have `samples` samples: set `samples` for a short one,
   * so that each gives more rows.
   */
  readonly rows?: number;
  /** Chooses the samples. Default: the seed of the pipeline. */
  readonly seed?: number;
}

/**
 * The data of {@link calibrate}: inputs in memory, a data set, an iterable or a function that opens one, or a cold
 * Observable.
 */
export type CalibrationData = InputData | Observable<unknown>;

/**
 * Provides the data on which the following stages calibrate. Only inputs are needed, no targets. Each stage reads the
 * data once, and again where activations do not fit into its `memory`; each reading must start anew.
 *
 * ```ts
 * compress(model).pipe(calibrate(dataset, {samples: 2048}), spfqQuantize({bits: 3}))
 * ```
 * @param data tensors stay yours; tensors that a data set, iterable or Observable emits are disposed of
 * @throws OptionError or DataError at once, for a wrong option or unreadable data; errors while reading go down the
 *   stream
 */
export function calibrate(
  data: CalibrationData,
  options: CalibrateOptions = {},
): OperatorFunction<Compression, Compression> {
  const {seed, ...reading} = resolveOptions<Required<Omit<CalibrateOptions, 'seed'>> & {seed: number | undefined}>(
    'calibrate',
    options,
    {
      samples: integer(DEFAULT_READING.samples, 1),
      batchSize: integer(DEFAULT_READING.batchSize, 1),
      rows: integer(DEFAULT_READING.rows, 1),
      seed: stageSeedRule,
    },
  );
  const readable: InputData = isObservable(data) ? () => asyncElements(data) : data;
  batchSource('calibrate', readable, {...reading, seed: 0});
  return map((compression) => ({
    ...compression,
    calibration: batchSource('calibrate', readable, {...reading, seed: seed ?? compression.seed}),
  }));
}
