import {readFile, writeFile} from 'node:fs/promises';
import {gunzipSync, gzipSync} from 'node:zlib';
import {installedFolder, subsetFolder} from './data.ts';

const imageHeader = 16;
const labelHeader = 8;
const imageBytes = 28 * 28;

/**
 * Writes the embedded subset of Fashion-MNIST, `examples/data/*.gz`, from Debian's data set: of each of the ten classes
 * the first 1,000 training and 200 test images, in the order of the original files.
 */
for (const [name, perClass] of [
  ['train', 1000],
  ['t10k', 200],
] as const) {
  const images = gunzipSync(await readFile(new URL(`${name}-images-idx3-ubyte.gz`, installedFolder)));
  const labels = gunzipSync(await readFile(new URL(`${name}-labels-idx1-ubyte.gz`, installedFolder)));
  const chosen = firstOfEachClass(labels.subarray(labelHeader), perClass);
  await write(`${name}-images-idx3-ubyte.gz`, [
    withCount(images.subarray(0, imageHeader), chosen.length),
    ...chosen.map((i) => images.subarray(imageHeader + i * imageBytes, imageHeader + (i + 1) * imageBytes)),
  ]);
  await write(`${name}-labels-idx1-ubyte.gz`, [
    withCount(labels.subarray(0, labelHeader), chosen.length),
    Uint8Array.from(chosen, (i) => labels[labelHeader + i]),
  ]);
}

function firstOfEachClass(labels: Uint8Array, perClass: number): number[] {
  const taken = new Uint16Array(10);
  return [...labels.keys()].filter((i) => taken[labels[i]]++ < perClass);
}

/** The header of an idx file with another number of items, a big-endian integer after the magic number. */
function withCount(header: Uint8Array, count: number): Uint8Array {
  const copy = Uint8Array.from(header);
  new DataView(copy.buffer).setUint32(4, count);
  return copy;
}

async function write(file: string, parts: readonly Uint8Array[]): Promise<void> {
  await writeFile(new URL(file, subsetFolder), gzipSync(Buffer.concat(parts), {level: 9}));
}
