import {realpath} from 'node:fs/promises';
import {isAbsolute, join, relative, sep} from 'node:path';
import {ArtifactError} from '../../../src/errors.ts';

/**
 * Where a file that a model's manifest names lies in truth, all links followed.
 *
 * A model may come from a stranger, and what its manifest names becomes a part of the compressed model, which is
 * published: a path that leads out of the folder would carry a file of the user along.
 * @param folder of the `model.json`
 * @param name as the manifest has it
 * @param allowOutside for models whose weights lie elsewhere on purpose, as links into a cache
 * @throws ArtifactError if it lies outside of the folder; Error if it is not there
 */
export async function pathInside(folder: string, name: string, allowOutside: boolean): Promise<string> {
  const path = join(folder, name);
  const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(path)]);
  const way = relative(realFolder, realFile);
  if (allowOutside || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))) return realFile;
  throw new ArtifactError(
    `${path}: expected the manifest to name files in the folder of the model, ${realFolder}, found ${realFile}; ` +
      'if you know why they lie there, allow it: {allowOutside: true}, --allow-outside on the command line',
  );
}
