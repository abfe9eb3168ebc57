import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {gunzipSync} from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

/** The subset that comes with this repository: 1,000 training and 200 test images per class. */
export const subsetFolder = new URL('../data/', import.meta.url);
/** Where Debian's package `dataset-fashion-mnist` puts the 60,000 + 10,000 images. */
export const installedFolder = new URL('file:///usr/share/datasets/fashion-mnist/');

const side = 28;
const classes = 10;
const imageMagic = 0x0803; // unsigned bytes in three dimensions
const labelMagic = 0x0801; // unsigned bytes in one dimension

/** Labelled images: x is `[images, 28, 28, 1]` in [0, 1], y is one-hot `[images, 10]`, both float32. */
export interface LabelledImages {
  readonly x: tf.Tensor4D;
  readonly y: tf.Tensor2D;
}

/** Fashion-MNIST (Xiao, Rasul & Vollgraf 2017) as tensors of the current backend. */
export interface FashionMnist {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * Loads Fashion-MNIST: the embedded subset, or the full data set that Debian installs.
 * @param options.full 60,000 + 10,000 images instead of 10,000 + 2,000; default false
 * @throws Error when the full data set is not installed, or a file is not what its header says
 */
export async function loadFashionMnist({full = false}: {readonly full?: boolean} = {}): Promise<FashionMnist> {
  if (full && !isFullInstalled()) {
    throw new Error(
      'Fashion-MNIST: expected /usr/share/datasets/fashion-mnist; ' +
        'install it with `apt-get install dataset-fashion-mnist`',
    );
  }
  const folder = full ? installedFolder : subsetFolder;
  return {train: await loadPart(folder, 'train'), test: await loadPart(folder, 't10k')};
}

/** Whether Debian's package `dataset-fashion-mnist` is here. */
export function isFullInstalled(): boolean {
  return existsSync(installedFolder);
}

async function loadPart(folder: URL, name: string): Promise<LabelledImages> {
  const pixels = await readIdx(new URL(`${name}-images-idx3-ubyte.gz`, folder), imageMagic, [side, side]);
  const labels = await readIdx(new URL(`${name}-labels-idx1-ubyte.gz`, folder), labelMagic, []);
  const count = labels.length;
  if (pixels.length !== count * side * side) {
    throw new Error(
      `Fashion-MNIST: expected as many images as labels, got ${pixels.length / (side * side)} and ${count} in ` +
        folder.pathname,
    );
  }
  return {
    x: tf.tensor4d(
      Float32Array.from(pixels, (pixel) => pixel / 255),
      [count, side, side, 1],
    ),
    y: tf.tensor2d(oneHot(labels), [count, classes]),
  };
}

function oneHot(labels: Uint8Array): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  for (const [i, label] of labels.entries()) rows[i * classes + label] = 1;
  return rows;
}

/** The items of a gzipped idx file: magic number, item count and item shape as big-endian integers, then bytes. */
async function readIdx(file: URL, magic: number, itemShape: readonly number[]): Promise<Uint8Array> {
  const bytes = gunzipSync(await readFile(file));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = 8 + 4 * itemShape.length;
  const expected = [magic, view.getUint32(4), ...itemShape];
  const found = expected.map((_, i) => view.getUint32(4 * i));
  const size = header + found.slice(1).reduce((product, length) => product * length, 1);
  if (String(found) !== String(expected) || bytes.length !== size) {
    throw new Error(
      `${file.pathname}: expected an idx file with magic number ${magic} and items [${itemShape.join(', ')}], ` +
        `got header ${found.join(', ')} and ${bytes.length} bytes`,
    );
  }
  return bytes.subarray(header);
}
