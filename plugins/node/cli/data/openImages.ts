import {extname, join} from 'node:path';
import {DataError} from 'tfjs-compress';
import {readRegularFile} from '../../files/regularFile.ts';
import {decodeImage} from './decodeImage.ts';
import {frameImage} from './frameImage.ts';
import {imageFiles} from './imageFiles.ts';
import {type ImageFrame, imageFrame} from './imageFrame.ts';
import type {DiskInputs, ReadingOptions} from './readingOptions.ts';
import {shuffledSamples} from './shuffledSamples.ts';
import {tensorBatches} from './tensorBatches.ts';

/**
 * What decoded images may take in memory so that the next reading need not decode them again; those beyond are decoded
 * each time.
 */
const KEPT_BYTES = 2 ** 28;

/**
 * Opens the images of a folder and of all below it. Each chosen image is decoded here once, so that what is damaged is
 * known before work starts; where damaged ones are left out, others of the folder are taken instead.
 * @throws DataError if there is none, if none decodes, or at the first damaged one with `onCorrupt: 'refuse'`
 */
export async function openImages(
  folder: string,
  inputShape: readonly (number | null)[],
  options: ReadingOptions,
): Promise<DiskInputs> {
  const frame = imageFrame(folder, inputShape, options.size);
  const {images, others} = await imageFiles(folder);
  const read = imageReader(folder, images, frame, options.range);
  const {chosen, skipped} = await decodable(images, read, options);
  if (chosen.length === 0)
    throw new DataError(
      `${folder}: expected images that decode, got ${images.length} that do not, the first: ${skipped[0].reason}`,
    );
  const shape = [frame.height, frame.width, frame.channels];
  return {
    count: chosen.length,
    total: images.length,
    chosen,
    skipped,
    description: describe(
      chosen.map((i) => images[i]),
      frame,
      options.range,
      {total: images.length, skipped: skipped.length, others},
    ),
    read: () => tensorBatches(chosen, shape, read),
  };
}

/** Images by their numbers, as the model takes them. */
function imageReader(
  folder: string,
  images: readonly string[],
  frame: ImageFrame,
  [low, high]: readonly [number, number],
): (index: number) => Promise<Float32Array> {
  const kept = new Map<number, Float32Array>();
  const max = Math.floor(KEPT_BYTES / (4 * frame.height * frame.width * frame.channels));
  return async (index) => {
    const known = kept.get(index);
    if (known) return known;
    const values = await readImage(join(folder, images[index]), frame);
    for (const [i, value] of values.entries()) values[i] = low + ((high - low) * value) / 255;
    if (kept.size < max) kept.set(index, values);
    return values;
  };
}

/** Bytes: more than 100 megapixels take in a file. */
const LARGEST_IMAGE = 2 ** 29;

async function readImage(path: string, frame: ImageFrame): Promise<Float32Array> {
  try {
    return frameImage(decodeImage(await readRegularFile(path, LARGEST_IMAGE)), frame);
  } catch (cause) {
    throw new DataError(
      `${path}: expected a jpeg or png image, got a damaged one ` +
        `(${cause instanceof Error ? cause.message : String(cause)}); mend or remove it`,
      {cause},
    );
  }
}

type Decodable = Pick<DiskInputs, 'chosen' | 'skipped'>;

async function decodable(
  images: readonly string[],
  read: (index: number) => Promise<Float32Array>,
  {samples, seed, onCorrupt}: ReadingOptions,
): Promise<Decodable> {
  const order = samples < images.length ? shuffledSamples(images.length, seed) : images.keys();
  const chosen: number[] = [];
  const skipped: {readonly file: string; readonly reason: string}[] = [];
  for (const index of order) {
    if (chosen.length >= samples) break;
    try {
      await read(index);
      chosen.push(index);
    } catch (error) {
      if (onCorrupt === 'refuse' || !(error instanceof DataError)) throw error;
      skipped.push({file: images[index], reason: error.message});
    }
  }
  return {chosen: chosen.sort((a, b) => a - b), skipped};
}

interface Counts {
  readonly total: number;
  readonly skipped: number;
  readonly others: number;
}

function describe(
  files: readonly string[],
  {height, width, channels, cuts}: ImageFrame,
  [low, high]: readonly [number, number],
  {total, skipped, others}: Counts,
): string {
  const kinds = [...new Set(files.map((file) => (extname(file).toLowerCase() === '.png' ? 'png' : 'jpeg')))].sort();
  const left = total - skipped - files.length;
  return [
    `${files.length} ${files.length === 1 ? 'image' : 'images'} ` +
      `(${kinds.join(', ')})${left > 0 ? ` at random of ${total}` : ''}`,
    `${height}×${width}×${channels}${cuts ? ' from their middle' : ''}`,
    `pixels 0…255 as ${low}…${high}`,
    ...(skipped > 0 ? [`${skipped} damaged`] : []),
    ...(others > 0 ? [`${others} other ${others === 1 ? 'file' : 'files'} ignored`] : []),
  ].join(', ');
}
