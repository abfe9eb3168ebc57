import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {io} from '@tensorflow/tfjs-core';
import {joinBytes} from './joinBytes.ts';

/**
 * The weights of all groups and shards in one buffer, in the manifest's order.
 *
 * One buffer, because tfjs-core 4.22 reads zeros, without an error, from several of which the last is the largest.
 * @throws Error that names the file, if one is missing or a group has not the bytes that its weights need
 */
export async function readWeights(folder: string, manifest: io.WeightsManifestConfig): Promise<ArrayBuffer> {
  const groups = await Promise.all(manifest.map((group) => readGroup(folder, group)));
  return joinBytes(groups.flat());
}

async function readGroup(folder: string, {paths, weights}: io.WeightsManifestConfig[number]): Promise<Uint8Array[]> {
  const shards = await Promise.all(paths.map((path) => readShard(join(folder, path))));
  const expected = weights.reduce((sum, weight) => sum + byteLength(weight), 0);
  const found = shards.reduce((sum, shard) => sum + shard.byteLength, 0);
  if (found !== expected) {
    const files = paths.map((path) => join(folder, path)).join(' + ');
    throw new Error(
      `${files}: expected ${String(expected)} bytes for ${String(weights.length)} weights, found ${String(found)}`,
    );
  }
  return shards;
}

async function readShard(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Error(
      `${path}: expected a file of weights that the model's manifest names, found none that can be read`,
      {cause},
    );
  }
}

/** How many bytes a weight takes in its file. */
function byteLength({name, shape, dtype, quantization}: io.WeightsManifestEntry): number {
  const stored = quantization?.dtype ?? dtype;
  const bytes = bytesPerValue.get(stored);
  if (bytes === undefined)
    throw new Error(`weight '${name}': expected one of ${[...bytesPerValue.keys()].join(', ')}, got '${stored}'`);
  return bytes * shape.reduce((size, dimension) => size * dimension, 1);
}

const bytesPerValue: ReadonlyMap<string, number> = new Map([
  ['float32', 4],
  ['int32', 4],
  ['float16', 2],
  ['uint16', 2],
  ['uint8', 1],
  ['bool', 1],
  ['complex64', 8],
]);
