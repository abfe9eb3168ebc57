import {readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {weightGroups} from '../../files/manifestBytes.ts';
import {readRegularFile} from '../../files/regularFile.ts';
import type {ModelFile} from './modelFile.ts';

/** What Teachable Machine saves beside a model, and asks for when it loads one: the labels of its outputs. */
const COPIED = 'metadata.json';
const LARGEST_COPY = 2 ** 20;
const MOST_NAMED = 5;

/**
 * Copies what belongs to a model and is no part of it, as far as that is known by its name.
 * @param folder of the new model
 * @returns a line for the user on what was copied and what was not, if there is something
 */
export async function copySideFiles({location, content}: ModelFile, folder: string): Promise<string | undefined> {
  if (location.kind === 'address') return undefined;
  const own = [location.path, ...weightGroups(content['weightsManifest']).flatMap(({paths}) => paths)];
  const names = (await readdir(location.folder, {withFileTypes: true}))
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({name}) => name)
    .filter((name) => !own.some((path) => path === name || path === join(location.folder, name)))
    .sort();
  const metadata = names.includes(COPIED) ? await contentOf(join(location.folder, COPIED)) : undefined;
  if (metadata) await writeFile(join(folder, COPIED), metadata, {flush: true});
  const left = names.filter((name) => !metadata || name !== COPIED);
  const others = left.slice(0, MOST_NAMED).join(', ') + (left.length > MOST_NAMED ? ', …' : '');
  const lines = [
    ...(metadata ? [`${COPIED} was copied`] : []),
    ...(left.length > 0 ? [`not copied from the folder of the model: ${others}`] : []),
  ];
  return lines.length === 0 ? undefined : lines.join('; ');
}

/** Undefined where it cannot be read or is no such file by its size: all work is done by then. */
async function contentOf(path: string): Promise<Buffer | undefined> {
  return readRegularFile(path, LARGEST_COPY).catch(() => undefined);
}
