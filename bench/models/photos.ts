import {readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as tf from '@tensorflow/tfjs';
import {decodeImage} from '../../plugins/node/cli/data/decodeImage.ts';
import {debianPackage} from './debianPackage.ts';

/** Files with photos, some to calibrate on and others to test on. */
export interface PhotoFiles {
  readonly calibration: readonly string[];
  readonly test: readonly string[];
}

/** Six photos of people that come with npm's @vladmandic/face-api. */
export const facePhotos: readonly string[] = Array.from({length: 6}, (_, i) =>
  fileURLToPath(new URL(`../../node_modules/@vladmandic/face-api/demo/sample${i + 1}.jpg`, import.meta.url)),
);

const SKIMAGE = ['astronaut.png', 'chelsea.png', 'coffee.png', 'rocket.jpg'] as const;
const SKLEARN = ['china.jpg', 'flower.jpg'] as const;

/**
 * face-api's photos for calibration and six of Debian's scikits for tests; where those cannot be fetched, three of
 * face-api's for each.
 */
export function findPhotos(): PhotoFiles {
  try {
    const inPackage = (name: string, path: string, files: readonly string[]): string[] => {
      const folder = debianPackage(name);
      return files.map((file) => join(folder, 'usr/lib/python3/dist-packages', path, file));
    };
    return {
      calibration: facePhotos,
      test: [
        ...inPackage('python3-skimage', 'skimage/data', SKIMAGE),
        ...inPackage('python3-sklearn', 'sklearn/datasets/images', SKLEARN),
      ],
    };
  } catch (error) {
    console.error(
      `no photos from Debian's python3-skimage and python3-sklearn (${String(error)}): ` +
        "the last three of face-api's take their place",
    );
    return {calibration: facePhotos.slice(0, 3), test: facePhotos.slice(3)};
  }
}

/** The names of photos, for a note. */
export function namesOf(photos: readonly string[]): string {
  return photos.map((path) => basename(path)).join(', ');
}

/** A photo as `[height, width, 3]` in [0, 255]. */
export function readPhoto(path: string): tf.Tensor3D {
  const {width, height, rgba} = decodeImage(readFileSync(path));
  const rgb = new Float32Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) rgb.set(rgba.subarray(4 * pixel, 4 * pixel + 3), 3 * pixel);
  return tf.tensor3d(rgb, [height, width, 3]);
}

/** The middle of a photo, `[1, side, side, 3]`. */
export function middleOf(photo: tf.Tensor3D, side: number): tf.Tensor4D {
  const [height, width] = photo.shape;
  if (Math.min(height, width) < side)
    throw new Error(`middleOf: expected at least ${side} × ${side} pixels, got ${height} × ${width}`);
  return tf.tidy(() =>
    tf.expandDims(tf.slice(photo, [(height - side) >> 1, (width - side) >> 1, 0], [side, side, 3]), 0),
  );
}

/**
 * A photo cut into squares, `[squares, side, side, 3]`; what is left at the right and below falls away.
 * @param reduction each pixel becomes the mean of a square with sides of this many pixels
 */
export function squaresOf(photo: tf.Tensor3D, side: number, reduction: number): tf.Tensor4D {
  return tf.tidy(() => {
    const small = tf.avgPool(photo, reduction, reduction, 'valid');
    const [rows, columns] = [Math.floor(small.shape[0] / side), Math.floor(small.shape[1] / side)];
    const whole = tf.slice(small, [0, 0, 0], [rows * side, columns * side, 3]);
    return tf.reshape<tf.Rank.R4>(tf.transpose(tf.reshape(whole, [rows, side, columns, side, 3]), [0, 2, 1, 3, 4]), [
      rows * columns,
      side,
      side,
      3,
    ]);
  });
}
