import {join} from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {lastValueFrom} from 'rxjs';
import {calibrate, compressGraph, correct, rtnQuantize, spfqQuantize, toGraphModel} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {type Bits, meanOf, type ModelBench, settingOf} from './modelRow.ts';
import {npmPackage} from './npmPackage.ts';
import {findPhotos, readPhoto, squaresOf} from './photos.ts';

const PACKAGE = '@vladmandic/human@3.3.6';
const WIDTHS = [8, 4] as const;
/** Squares to calibrate on, and to test with. */
const SQUARES = 48;
const TESTED = 24;

/** A model of the package, and how its inputs are made of pixels. */
interface FaceModel {
  readonly name: string;
  /** Width and height of its input. */
  readonly side: number;
  /** What it is given of pixels from 0 to 255. */
  readonly normalize: (pixels: tf.Tensor4D) => tf.Tensor4D;
}

const FACE_MODELS: readonly FaceModel[] = [
  {name: 'blazeface', side: 256, normalize: (pixels) => tf.sub(tf.div(pixels, 127.5), 1)},
  {name: 'facemesh', side: 192, normalize: (pixels) => tf.div(pixels, 255)},
];

/**
 * GraphModels of @vladmandic/human: how far the outputs of the exported compressed graph are from the float one's, on
 * parts of photos.
 */
export const faces: readonly ModelBench[] = FACE_MODELS.map((face) => ({
  name: `human: ${face.name}`,
  async *rows({seeds}) {
    const {calibration, test} = findPhotos();
    const [known, unknown] = [inputsOf(calibration, face, SQUARES), inputsOf(test, face, TESTED)];
    for (const bits of WIDTHS) {
      const common = {model: `human: ${face.name}`, setting: settingOf(bits), measure: 'error of outputs, %'};
      const nearest = await errorOf(face, {bits, seed: 0, isNearest: true}, known, unknown);
      yield {...common, method: 'rtnQuantize', values: [nearest.error]};
      const runs = [];
      for (let seed = 0; seed < seeds; seed++)
        runs.push(await errorOf(face, {bits, seed, isNearest: false}, known, unknown));
      yield {
        ...common,
        method: 'spfqQuantize → correct',
        values: runs.map(({error}) => error),
        seconds: meanOf(runs.map(({seconds}) => seconds)),
      };
    }
    tf.dispose([known, unknown]);
  },
}));

/** The first squares of photos, one photo after the other, of which none gives more than its share. */
function inputsOf(photos: readonly string[], {side, normalize}: FaceModel, count: number): tf.Tensor4D {
  return tf.tidy(() =>
    normalize(
      tf.concat(
        photos.map((path) => {
          const squares = squaresOf(enlarged(readPhoto(path), side), side, 1);
          return tf.slice(squares, 0, Math.min(squares.shape[0], Math.ceil(count / photos.length)));
        }),
      ),
    ),
  );
}

/** A photo that is at least one square large. */
function enlarged(photo: tf.Tensor3D, side: number): tf.Tensor3D {
  const [height, width] = photo.shape;
  const factor = Math.max(1, side / Math.min(height, width));
  return tf.image.resizeBilinear(photo, [Math.ceil(height * factor), Math.ceil(width * factor)]);
}

interface Run {
  readonly bits: Bits;
  readonly seed: number;
  readonly isNearest: boolean;
}

/** 100 · ‖y − ỹ‖ / ‖y‖ over all outputs. */
async function errorOf(
  {name}: FaceModel,
  {bits, seed, isNearest}: Run,
  known: tf.Tensor4D,
  unknown: tf.Tensor4D,
): Promise<{error: number; seconds: number}> {
  const graph = await tf.loadGraphModel(fileHandler(join(npmPackage(PACKAGE), 'models', `${name}.json`)));
  const begin = performance.now();
  const calibrated = compressGraph(graph, {seed}).pipe(calibrate(known));
  const compression = await lastValueFrom(
    isNearest ? calibrated.pipe(rtnQuantize({bits})) : calibrated.pipe(spfqQuantize({bits}), correct()),
  );
  const seconds = (performance.now() - begin) / 1000;
  const small = await toGraphModel(compression);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < unknown.shape[0]; i++) {
    const [expected, found] = [await outputsOf(graph, unknown, i), await outputsOf(small, unknown, i)];
    expected.forEach((value, k) => {
      difference += (value - found[k]) ** 2;
      norm += value ** 2;
    });
  }
  for (const one of [graph, small, compression]) one.dispose();
  return {error: 100 * Math.sqrt(difference / norm), seconds};
}

/** All outputs for one square: these models take one at a time. */
async function outputsOf(graph: tf.GraphModel, inputs: tf.Tensor4D, index: number): Promise<number[]> {
  const outputs = tf.tidy(() => [graph.execute(tf.slice(inputs, index, 1))].flat());
  const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
  tf.dispose(outputs);
  return values.flatMap((one) => Array.from(one));
}
