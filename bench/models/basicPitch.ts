import * as tf from '@tensorflow/tfjs';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  compressGraph,
  correct,
  exportGraph,
  type RtnOptions,
  rtnQuantize,
  spfqQuantize,
  toGraphModel,
} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {recording} from './recording.ts';
import {tones} from './tones.ts';

const MODEL = new URL('../../node_modules/@spotify/basic-pitch/model/model.json', import.meta.url).pathname;
const AUDIO = new URL('../../node_modules/audio-lena/lena.wav', import.meta.url).pathname;

/** Samples of a window, and how many whole windows the recording has. */
const WINDOW = 43844;
const WINDOWS = 6;
/** Windows of synthetic notes to calibrate on. */
const CALIBRATION = 8;

/** The fixed filter bank of a constant-Q transform, which is not learned. */
const TRANSFORM = /\/cq_t/;
/** Its outputs by the shapes of their last axis and their order: contours have three bins a semitone. */
const OUTPUTS = ['contours', 'notes', 'onsets'] as const;
/** A frame counts as played from there on: that of the paper, and that of its note creation. */
const THRESHOLDS = [0.5, 0.3] as const;

/** What is asked. */
export interface BasicPitchRun {
  readonly bits: NonNullable<RtnOptions['bits']>;
  readonly seed: number;
  /** Rounding to nearest is what others do, and is measured for comparison. Default `spfq`, with `correct()`. */
  readonly method?: 'spfq' | 'rtn';
}

/** F1 of each output against that of the float model, over all windows, and their mean. */
export type Scores = Readonly<Record<(typeof OUTPUTS)[number] | 'mean', number>>;

/** What came of it: of the stock GraphModel that was exported, not of the one in memory. */
export interface BasicPitchFigures extends Required<BasicPitchRun> {
  /** At 0.5, then at 0.3. */
  readonly f1: readonly [Scores, Scores];
  /** ‖y − ỹ‖ / ‖y‖ over all outputs. */
  readonly relativeError: number;
  /** Of the six learned convolutions in the file, float32 and now. */
  readonly kernelBytes: readonly [float: number, stored: number];
  readonly seconds: number;
}

/**
 * Compresses the learned convolutions of Spotify's basic-pitch, calibrated on synthetic notes, and compares what the
 * exported graph hears in a recording with what the float one hears.
 */
export async function basicPitch({bits, seed, method = 'spfq'}: BasicPitchRun): Promise<BasicPitchFigures> {
  const graph = await tf.loadGraphModel(fileHandler(MODEL));
  const music = tf.tensor3d(tones(1, CALIBRATION * WINDOW), [CALIBRATION, WINDOW, 1]);
  const sound = await recording(AUDIO);
  const windows = tf.tensor3d(sound.subarray(0, WINDOWS * WINDOW), [WINDOWS, WINDOW, 1]);
  const begin = performance.now();
  const stages = compressGraph(graph, {seed}).pipe(calibrate(music, {batchSize: 2}));
  const exclude = TRANSFORM;
  const compression = await lastValueFrom(
    method === 'rtn'
      ? stages.pipe(rtnQuantize({bits, exclude}))
      : stages.pipe(spfqQuantize({bits, exclude}), correct({exclude})),
  );
  const seconds = (performance.now() - begin) / 1000;
  const {layers} = await exportGraph(
    compression,
    tf.io.withSaveHandler((artifacts) =>
      Promise.resolve({modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts)}),
    ),
  );
  const small = await toGraphModel(compression);
  const [expected, found] = [await heard(graph, windows), await heard(small, windows)];
  for (const one of [graph, small, compression, music, windows]) one.dispose();
  return {
    bits,
    seed,
    method,
    seconds,
    f1: [scores(expected, found, THRESHOLDS[0]), scores(expected, found, THRESHOLDS[1])],
    relativeError: Math.sqrt(
      sum(expected, (value, k, i) => (value - found[k][i]) ** 2) / sum(expected, (value) => value ** 2),
    ),
    kernelBytes: [
      layers.reduce((total, {weights}) => total + 4 * weights, 0),
      layers.reduce((total, {bytes}) => total + bytes, 0),
    ],
  };
}

/** By output, all windows one after the other. */
async function heard(graph: tf.GraphModel, windows: tf.Tensor): Promise<Float32Array[]> {
  const outputs = graph.predict(windows) as tf.Tensor[];
  const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
  tf.dispose(outputs);
  return values;
}

function scores(expected: readonly Float32Array[], found: readonly Float32Array[], threshold: number): Scores {
  const [contours, notes, onsets] = OUTPUTS.map((_, k) => f1(expected[k], found[k], threshold));
  return {contours, notes, onsets, mean: (contours + notes + onsets) / 3};
}

/** 2 · both / (expected + found) */
function f1(expected: Float32Array, found: Float32Array, threshold: number): number {
  let [both, all] = [0, 0];
  expected.forEach((value, i) => {
    const [one, other] = [value >= threshold, found[i] >= threshold];
    both += Number(one && other);
    all += Number(one) + Number(other);
  });
  return all === 0 ? 1 : (2 * both) / all;
}

function sum(outputs: readonly Float32Array[], term: (value: number, k: number, i: number) => number): number {
  return outputs.reduce(
    (total, values, k) => values.reduce((partial, value, i) => partial + term(value, k, i), total),
    0,
  );
}
