import type {LayersModel} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type Observable} from 'rxjs';
import {calibrate, compress, type Compression, evaluate} from 'tfjs-compress';
import type {FashionMnist} from '../../examples/fashion-mnist/data.ts';
import type {AccuracyRow} from './accuracyRows.ts';

/** What all rows of a run have in common. */
export interface AccuracyRun {
  /** Where the model lies, from the root of the repository. */
  readonly model: string;
  /** Calibration images. */
  readonly samples: number;
  /** Compressions of which each row is the mean; each seed also draws its calibration images. */
  readonly seeds: number;
  /** Images on which accuracy is measured. */
  readonly testImages: number;
}

/** What came of one row; `accuracies` by seed, the rest the mean over seeds. */
export interface AccuracyFigures {
  /** Top-1 accuracy of the compressed models, in [0, 1]. */
  readonly accuracies: readonly number[];
  /** Top-1 accuracy of the model as it came. */
  readonly floatAccuracy: number;
  /** Share of images with the same answer before and after. */
  readonly agreement: number;
  /** ‖y − ỹ‖ / ‖y‖ of the outputs on the test images. */
  readonly relativeError: number;
  /** All parameters, compressed layers packed. */
  readonly bytes: number;
  /** The same with packed layers gzipped. */
  readonly gzipBytes: number;
  /** Time of the stages of one compression, the evaluation left out. */
  readonly seconds: number;
}

type Once = Omit<AccuracyFigures, 'accuracies'> & {readonly accuracy: number};

/** Nothing is learned from the images where a method ignores them, but a stage reads some all the same. */
const IGNORED_SAMPLES = 64;
const EVALUATION_BATCH = 500;

/** Compresses the model with every seed, and measures it on the test images. A method that ignores data runs once. */
export async function measureAccuracy(
  row: AccuracyRow,
  model: LayersModel,
  data: FashionMnist,
  {samples, seeds}: Pick<AccuracyRun, 'samples' | 'seeds'>,
): Promise<AccuracyFigures> {
  const reading = row.ignoresData ? {samples: Math.min(IGNORED_SAMPLES, samples), seeds: 1} : {samples, seeds};
  const all: Once[] = [];
  for (let seed = 0; seed < reading.seeds; seed++) all.push(await measureOnce(row, model, data, reading.samples, seed));
  const mean = (pick: (one: Once) => number) => all.reduce((sum, one) => sum + pick(one), 0) / all.length;
  return {
    accuracies: all.map(({accuracy}) => accuracy),
    floatAccuracy: all[0].floatAccuracy,
    agreement: mean((one) => one.agreement),
    relativeError: mean((one) => one.relativeError),
    bytes: Math.round(mean((one) => one.bytes)),
    gzipBytes: Math.round(mean((one) => one.gzipBytes)),
    seconds: mean((one) => one.seconds),
  };
}

async function measureOnce(
  {stages}: AccuracyRow,
  model: LayersModel,
  {train, test}: FashionMnist,
  samples: number,
  seed: number,
): Promise<Once> {
  const source: Observable<Compression> = compress(model, {seed}).pipe(calibrate(train.x, {samples}));
  const compressed = stages.reduce((stream, stage) => stream.pipe(stage), source);
  const small = await lastValueFrom(compressed.pipe(evaluate({xs: test.x, ys: test.y}, {batchSize: EVALUATION_BATCH})));
  small.dispose();
  const {evaluation, size, milliseconds} = small.report;
  if (evaluation?.accuracyBefore === undefined || evaluation.accuracyAfter === undefined) {
    throw new Error('bench:accuracy: expected accuracies in the report of an evaluation with targets, got none');
  }
  return {
    accuracy: evaluation.accuracyAfter,
    floatAccuracy: evaluation.accuracyBefore,
    agreement: evaluation.agreement,
    relativeError: evaluation.relativeError,
    bytes: size.bytesAfter,
    gzipBytes: size.gzipBytesAfter,
    seconds: milliseconds / 1000,
  };
}
