import type {LayersModel} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {
  calibrate,
  type CalibrateOptions,
  type CalibrationData,
  compress,
  type Compression,
  correct,
  rtnQuantize,
  spfqQuantize,
} from 'tfjs-compress';
import {type Aim, type Bits, meanOf, type ModelRow, type ModelRun, settingOf} from './modelRow.ts';

/** A model that is compressed to several widths, and scored. */
export interface Experiment {
  readonly name: string;
  readonly model: LayersModel;
  readonly calibration: CalibrationData;
  readonly reading?: CalibrateOptions;
  readonly settings: ReadonlyArray<{readonly bits: Bits; readonly aim?: Aim}>;
  /** What {@link Experiment.score} gives, with its unit. */
  readonly measure: string;
  readonly score: (small: LayersModel) => Promise<number>;
}

type Stages = ReadonlyArray<OperatorFunction<Compression, Compression>>;

/** Nothing is learned from the data by a method that ignores it, but its stage reads some all the same. */
const IGNORED_SAMPLES = 16;

/** Rounding to nearest, the floor, then the defaults with `correct`, mean of the seeds, at each width. */
export async function* compressionRows(experiment: Experiment, {seeds}: ModelRun): AsyncIterable<ModelRow> {
  for (const {bits, aim} of experiment.settings) {
    const common = {model: experiment.name, setting: settingOf(bits), measure: experiment.measure};
    const {value} = await compressedOnce(
      {...experiment, reading: {samples: IGNORED_SAMPLES}},
      [rtnQuantize({bits})],
      0,
    );
    yield {...common, method: 'rtnQuantize', values: [value]};
    const runs = [];
    for (let seed = 0; seed < seeds; seed++)
      runs.push(await compressedOnce(experiment, [spfqQuantize({bits}), correct()], seed));
    yield {
      ...common,
      method: 'spfqQuantize → correct',
      values: runs.map((run) => run.value),
      ...(aim && {aim}),
      seconds: meanOf(runs.map((run) => run.seconds)),
    };
  }
}

async function compressedOnce(
  {model, calibration, reading, score}: Experiment,
  stages: Stages,
  seed: number,
): Promise<{value: number; seconds: number}> {
  const source = compress(model, {seed}).pipe(calibrate(calibration, reading));
  const small = await lastValueFrom(stages.reduce((compressed$, stage) => compressed$.pipe(stage), source));
  try {
    return {value: await score(small.model), seconds: small.report.milliseconds / 1000};
  } finally {
    small.dispose();
  }
}
