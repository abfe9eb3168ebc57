import {join} from 'node:path';
import type {io} from '@tensorflow/tfjs-core';
import {ArtifactError} from '../../../src/errors.ts';
import {pathInside} from './insideFolder.ts';
import {joinBytes} from './joinBytes.ts';
import {bytesOfGroup, type WeightGroup, weightGroups} from './manifestBytes.ts';
import {readPart, sizeOfFile} from './regularFile.ts';

/**
 * The weights of all groups and shards in one buffer, in the manifest's order.
 *
 * One buffer, because tfjs-core 4.22 reads zeros, without an error, from several of which the last is the largest.
 * Nothing is read before all files have together the bytes that the weights need: a manifest may name one large file
 * many times, or a pipe that never ends.
 * @param allowOutside whether the manifest may name files outside of `folder`
 * @throws ArtifactError that names the file, if one is missing, lies outside, is no regular file, or a group has not
 *   the bytes that its weights need
 */
export async function readWeights(
  folder: string,
  manifest: io.WeightsManifestConfig,
  allowOutside = false,
): Promise<ArrayBuffer> {
  const files: WeightFile[] = [];
  for (const group of weightGroups(manifest)) files.push(...(await filesOf(folder, group, allowOutside)));
  refuseTwice(files);
  return joinBytes(await Promise.all(files.map(({path, bytes}) => readPart(path, 0, bytes))));
}

/** One large file under many names would take all memory. */
function refuseTwice(files: readonly WeightFile[]): void {
  const seen = new Set<string>();
  for (const {path} of files) {
    if (seen.has(path))
      throw new ArtifactError(`${path}: expected the manifest to name each file of weights once, found it twice`);
    seen.add(path);
  }
}

interface WeightFile {
  readonly path: string;
  readonly bytes: number;
}

async function filesOf(folder: string, group: WeightGroup, allowOutside: boolean): Promise<WeightFile[]> {
  const files: WeightFile[] = [];
  for (const name of group.paths) files.push(await weightFile(folder, name, allowOutside));
  const expected = bytesOfGroup(group);
  const found = files.reduce((sum, {bytes}) => sum + bytes, 0);
  if (found === expected) return files;
  const named = group.paths.slice(0, MOST_NAMED).map((name) => join(folder, name));
  const others = group.paths.length - named.length;
  throw new ArtifactError(
    `${named.join(' + ')}${others > 0 ? ` and ${String(others)} more files` : ''}: ` +
      `expected ${String(expected)} bytes for ${String(group.weights.length)} weights, found ${String(found)}`,
  );
}

const MOST_NAMED = 4;

async function weightFile(folder: string, name: string, allowOutside: boolean): Promise<WeightFile> {
  try {
    const path = await pathInside(folder, name, allowOutside);
    return {path, bytes: await sizeOfFile(path)};
  } catch (cause) {
    if (cause instanceof ArtifactError) throw cause;
    const isMissing = cause instanceof Error && 'code' in cause;
    throw new ArtifactError(
      `${join(folder, name)}: expected a file of weights that the model's manifest names, found ` +
        (isMissing ? 'none that can be read' : String(cause instanceof Error ? cause.message : cause)),
      {cause},
    );
  }
}
