import {fileURLToPath} from 'node:url';
import * as tf from '@tensorflow/tfjs';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {compressionRows, type Experiment} from './compressionRows.ts';
import {meanOf, type ModelBench} from './modelRow.ts';
import {findPhotos, middleOf, namesOf, type PhotoFiles, readPhoto, squaresOf} from './photos.ts';
import {psnr} from './psnr.ts';

const MODEL = fileURLToPath(new URL('../../node_modules/@upscalerjs/esrgan-slim/models/x2/', import.meta.url));
/** Larger than what an output pixel sees. */
const SQUARE = 32;
/** face-api's photos have 2.5 megapixels and are soft; a third as wide they look like those that one enlarges. */
const REDUCTION = 3;
const SETTINGS = [
  {bits: 8, aim: {least: 52}},
  {bits: 4, aim: {least: 42}},
  {bits: 3, aim: {least: 34}},
  {bits: 2},
] as const;

/** Sizes of what {@link superResolution} reads. */
export interface PhotoReading {
  /** Squares of 32 × 32 pixels to calibrate on, from all photos together. */
  readonly squares: number;
  /** The side of the middle part of a photo that is tested. */
  readonly side: number;
}

/**
 * @upscalerjs/esrgan-slim ×2: PSNR of what the compressed model makes of photos, against what the float model makes of
 *   them.
 */
export const esrgan: ModelBench = {
  name: 'esrgan-slim ×2',
  async *rows(run) {
    const photos = findPhotos();
    console.error(
      `calibration: squares of ${namesOf(photos.calibration)}; test: the middle of ${namesOf(photos.test)}`,
    );
    const {experiment, dispose} = await superResolution(photos, {squares: 256, side: 256});
    yield* compressionRows({...experiment, settings: SETTINGS}, run);
    dispose();
  },
};

/** The experiment without its settings. What it holds is freed by `dispose`. */
export async function superResolution(
  photos: PhotoFiles,
  {squares, side}: PhotoReading,
): Promise<{experiment: Omit<Experiment, 'settings'>; dispose: () => void}> {
  const model = await tf.loadLayersModel(fileHandler(MODEL));
  const calibration = tf.tidy(() =>
    tf.concat(photos.calibration.map((path) => squaresOf(readPhoto(path), SQUARE, REDUCTION))),
  );
  const inputs = photos.test.map((path) => tf.tidy(() => middleOf(readPhoto(path), side)));
  const expected: Float32Array[] = [];
  for (const input of inputs) expected.push(await outputOf(model, input));
  const experiment = {
    name: esrgan.name,
    model,
    calibration,
    reading: {samples: squares},
    measure: 'PSNR, dB',
    async score(small: tf.LayersModel): Promise<number> {
      const decibels: number[] = [];
      for (const [i, input] of inputs.entries()) decibels.push(psnr(expected[i], await outputOf(small, input)));
      return meanOf(decibels);
    },
  };
  return {
    experiment,
    dispose: () => {
      model.dispose();
      tf.dispose([calibration, ...inputs]);
    },
  };
}

async function outputOf(model: tf.LayersModel, input: tf.Tensor): Promise<Float32Array> {
  const output = tf.tidy(() => {
    const predicted = model.predict(input);
    if (Array.isArray(predicted)) throw new Error(`${model.name}: expected one output, got ${predicted.length}`);
    return predicted;
  });
  const values = await output.data<'float32'>();
  output.dispose();
  return values;
}
