import {map, type Observable, type OperatorFunction} from 'rxjs';
import {batchSource, DEFAULT_READING, type InputData} from '../data/batchSource.ts';
import {integer, resolveOptions, stageSeedRule} from '../options.ts';
import type {Compression} from '../stages/run/compression.ts';
import {asyncElements, isObservable} from './asyncElements.ts';

/** How calibration data is read. */
export interface CalibrateOptions {
  /** The most samples to read; of tensors a random choice, of anything else the first. Default 4,096. */
  readonly samples?: number;
  /** Samples that go through the networks together. Default 32. */
  readonly batchSize?: number;
  /**
   * The most rows that a layer takes from all samples; convolutions choose so many positions of each at random, an
   * Embedding counts all. Default 32,768. Of a stream `samples` says how many there may be: name those of a short one,
   * so that each gives more rows.
   */
  readonly rows?: number;
  /** Chooses the samples. Default: the seed of the pipeline. */
  readonly seed?: number;
}

/**
 * What {@link calibrate} reads: inputs in memory, a data set, an iterable or a function that opens one, or a cold
 * Observable.
 */
export type CalibrationData = InputData | Observable<unknown>;

/**
 * Names the data on which the following stages calibrate. Only inputs are needed, no targets. Data is read once by each
 * stage, and again where activations do not fit into its `memory`; it must start anew each time.
 *
 * ```ts
 * compress(model).pipe(calibrate(dataset, {samples: 2048}), spfqQuantize({bits: 3}))
 * ```
 * @param data tensors stay yours; tensors that a data set, iterable or Observable emits are disposed of
 * @throws OptionError or DataError at once, for an option or data that cannot be read; data errors go down the stream
 *   when it is read
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
