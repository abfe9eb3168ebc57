import {stat} from 'node:fs/promises';
import {DataError} from 'tfjs-compress';
import {openArray} from './openArray.ts';
import {openArrayInputs} from './openArrayInputs.ts';
import {openImages} from './openImages.ts';
import type {DiskInputs, ReadingOptions} from './readingOptions.ts';

/**
 * Opens a folder of images, a `.npy` file or an idx file, gzipped or not: decided by its first bytes, not by its name.
 *
 * Images are cut to the model's aspect, from the middle, and resized; where the model leaves height and width open,
 * `size` pixels are cut from the middle as they are, and only smaller images are resized.
 * @param inputShape `model.inputs[0].shape`: the batch first
 * @throws DataError naming the file, what was expected, what came and what to do
 */
export async function openInputs(
  path: string,
  inputShape: readonly (number | null)[],
  options: ReadingOptions,
): Promise<DiskInputs> {
  const entry = await stat(path).catch((cause: unknown) => {
    throw new DataError(
      `${path}: expected a folder of images, a .npy or an idx file, got nothing that can be read; check the path`,
      {cause},
    );
  });
  if (entry.isDirectory()) return openImages(path, inputShape, options);
  const array = entry.isFile() ? await openArray(path) : undefined;
  if (!array)
    throw new DataError(
      `${path}: expected a folder of images, a .npy or an idx file (gzipped or not), got another file; ` +
        'put images into a folder and name that',
    );
  return openArrayInputs(path, array, inputShape, options);
}
