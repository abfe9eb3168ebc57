import type {io} from '@tensorflow/tfjs-core';
import {damagedFile, formatValue} from '../../../src/errors.ts';

/** A group of weights in a manifest: its files, and what they hold, one after the other. */
export type WeightGroup = io.WeightsManifestConfig[number];

/**
 * The groups of a `weightsManifest` that was read from a file, as far as their bytes depend on it.
 * @throws ArtifactError that names the group
 */
export function weightGroups(manifest: unknown): readonly WeightGroup[] {
  if (!Array.isArray(manifest))
    throw damagedFile(`expected \`weightsManifest\` to be a list of groups, found ${formatValue(manifest)}`);
  manifest.forEach((group: Partial<WeightGroup> | null, at) => {
    if (!Array.isArray(group?.paths) || !group.paths.every((path) => typeof path === 'string'))
      throw damagedFile(`group ${String(at)} of \`weightsManifest\`: expected \`paths\`, a list of file names`);
    if (!Array.isArray(group.weights))
      throw damagedFile(`group ${String(at)} of \`weightsManifest\`: expected \`weights\`, a list of weights`);
  });
  return manifest as readonly WeightGroup[];
}

/** How many bytes all weights of a `weightsManifest` take. */
export function bytesOfManifest(manifest: unknown): number {
  return weightGroups(manifest).reduce((sum, group) => sum + bytesOfGroup(group), 0);
}

/**
 * How many bytes the weights of a group take in their files.
 * @throws ArtifactError that names the weight whose description does not say it
 */
export function bytesOfGroup({weights}: WeightGroup): number {
  return weights.reduce((sum, weight) => sum + bytesOfWeight(weight), 0);
}

function bytesOfWeight(weight: Partial<io.WeightsManifestEntry> | null): number {
  const {name, shape, dtype, quantization} = weight ?? {};
  const stored = quantization?.dtype ?? dtype;
  const bytes = BYTES_PER_VALUE.get(String(stored));
  if (bytes === undefined)
    throw damagedFile(
      `weight ${formatValue(name)}: expected a type of ${[...BYTES_PER_VALUE.keys()].join(', ')}, ` +
        `got ${formatValue(stored)}`,
    );
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw damagedFile(`weight ${formatValue(name)}: expected a shape of whole numbers, got ${formatValue(shape)}`);
  return bytes * shape.reduce((size, length) => size * length, 1);
}

const BYTES_PER_VALUE: ReadonlyMap<string, number> = new Map([
  ['float32', 4],
  ['int32', 4],
  ['float16', 2],
  ['uint16', 2],
  ['uint8', 1],
  ['bool', 1],
  ['complex64', 8],
]);
