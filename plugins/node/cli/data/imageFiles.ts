import {readdir} from 'node:fs/promises';
import {extname, join, relative, sep} from 'node:path';
import {DataError} from 'tfjs-compress';

const EXTENSIONS = ['.jpg', '.jpeg', '.png'];

/** The images of a folder. */
export interface ImageFiles {
  /** Paths from the folder, of its sub-folders too, sorted. */
  readonly images: readonly string[];
  /** How many other files there are, hidden ones left out. */
  readonly others: number;
}

/**
 * Finds files named .jpg, .jpeg or .png in a folder and in all below it. Links to files count, links to folders and
 * what is hidden do not.
 * @throws DataError if there is none
 */
export async function imageFiles(folder: string): Promise<ImageFiles> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map(({parentPath, name}) => relative(folder, join(parentPath, name)))
    .filter((file) => !file.split(sep).some(isHidden));
  const images = files.filter((file) => EXTENSIONS.includes(extname(file).toLowerCase())).sort();
  if (images.length === 0)
    throw new DataError(`${folder}: expected images (${EXTENSIONS.join(', ')}), got ${found(files)}`);
  return {images, others: files.length - images.length};
}

/** Of a system's own: .DS_Store, ._photo.jpg, .ipynb_checkpoints. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function found(files: readonly string[]): string {
  if (files.length === 0) return 'an empty folder';
  const kinds = [...new Set(files.map((file) => extname(file).toLowerCase() || 'no extension'))].sort();
  const hint = kinds.includes('.npy') || kinds.includes('.gz') ? '; name the file itself' : '';
  return (
    `${files.length} other ${files.length === 1 ? 'file' : 'files'} ` +
    `(${kinds.slice(0, 5).join(', ')}${kinds.length > 5 ? ', …' : ''})${hint}`
  );
}
