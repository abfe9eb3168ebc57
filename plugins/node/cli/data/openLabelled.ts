import {readdir} from 'node:fs/promises';
import {sep} from 'node:path';
import {DataError} from 'tfjs-compress';
import {imageFiles, isHidden} from './imageFiles.ts';
import {openImages} from './openImages.ts';
import type {DiskInputs, ReadingOptions} from './readingOptions.ts';

/** Inputs on disk with their classes. */
export interface LabelledInputs {
  /** The images. */
  readonly inputs: DiskInputs;
  /** The class of each, in the order of the reading. */
  readonly labels: Int32Array;
  /** The names of the folders, by class number. */
  readonly classNames: readonly string[];
}

/**
 * Opens a folder whose sub-folders are classes, numbered in the order of their names: what Keras's
 * `image_dataset_from_directory` reads.
 * @param classes how many classes the model knows; there must be as many folders
 * @throws DataError
 */
export async function openLabelled(
  path: string,
  inputShape: readonly (number | null)[],
  classes: number,
  options: ReadingOptions,
): Promise<LabelledInputs> {
  const entries = await readdir(path, {withFileTypes: true}).catch((cause: unknown) => {
    throw new DataError(
      `${path}: expected a folder with a folder for each class, got none that can be read; check the path`,
      {cause},
    );
  });
  const classNames = entries
    .filter((entry) => entry.isDirectory() && !isHidden(entry.name))
    .map(({name}) => name)
    .sort();
  if (classNames.length !== classes) {
    const names = [...classNames.slice(0, 5), ...(classNames.length > 5 ? ['…'] : [])].join(', ');
    throw new DataError(
      `${path}: expected ${classes} folders, one for each class of the model, ` +
        `got ${classNames.length}${classNames.length > 0 ? ` (${names})` : ''}`,
    );
  }
  const {images} = await imageFiles(path);
  const unclassed = images.find((image) => !image.includes(sep));
  if (unclassed !== undefined)
    throw new DataError(
      `${path}: expected every image in the folder of its class, got ${unclassed} beside them; move or remove it`,
    );
  const inputs = await openImages(path, inputShape, options);
  return {
    inputs,
    labels: Int32Array.from(inputs.chosen, (index) => classNames.indexOf(images[index].split(sep)[0])),
    classNames,
  };
}
