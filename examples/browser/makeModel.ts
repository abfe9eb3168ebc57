import 'tfjs-compress/plugins/wasm';
import {copyFile, readFile, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {gunzipSync} from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {type LabelledImages, loadFashionMnist, subsetFolder} from '../fashion-mnist/data.ts';
import {fallingRates, trainConvnet} from '../fashion-mnist/trainConvnet.ts';

/**
 * Makes what the page serves, examples/browser/public: a small convnet trained on the embedded subset of Fashion-MNIST,
 * and 40 + 30 images of each class to adapt it on and to test it with. These are test images of Fashion-MNIST, which
 * the training does not see.
 */
const publicFolder = new URL('public/', import.meta.url);
const epochs = 16;
const parts = [
  {name: 'adapt', perClass: {from: 0, to: 40}},
  {name: 'test', perClass: {from: 40, to: 70}},
] as const;

await tf.setBackend('wasm');
await copyImages();
await copyFile(new URL('LICENSE', subsetFolder), new URL('data/LICENSE', publicFolder));
const {train, test} = await loadFashionMnist();
const model = createTinyConvnet();
await trainConvnet(model, train, {
  rates: fallingRates(epochs),
  onEpochEnd: async () => {
    process.stdout.write(`${await accuracyOf(model, test)}\n`);
  },
});
await model.save(fileHandler(fileURLToPath(new URL('model', publicFolder))));

/**
 * 27,286 parameters, no pooling. It sees four pixels of a row as four channels: tfjs's WebGPU convolutions are fast
 * where channels come in fours, and slow for one. So a step of its training takes a fraction of a second even where a
 * CPU plays the GPU.
 */
function createTinyConvnet(): tf.Sequential {
  const {conv2d, dense, flatten, reshape} = tf.layers;
  const shared = {padding: 'same', activation: 'relu'} as const;
  return tf.sequential({
    name: 'tiny_fashion_convnet',
    layers: [
      reshape({inputShape: [28, 28, 1], targetShape: [28, 7, 4], name: 'fours'}),
      conv2d({...shared, kernelSize: [5, 2], strides: [2, 1], filters: 12, name: 'conv1'}),
      conv2d({...shared, kernelSize: 3, strides: [2, 1], filters: 24, name: 'conv2'}),
      conv2d({...shared, kernelSize: 3, strides: 2, filters: 24, name: 'conv3'}),
      flatten(),
      dense({units: 48, activation: 'relu', name: 'dense'}),
      dense({units: 10, activation: 'softmax', name: 'logits'}),
    ],
  });
}

async function accuracyOf(classifier: tf.LayersModel, {x, y}: LabelledImages): Promise<string> {
  const [, accuracy] = [classifier.evaluate(x, y, {batchSize: 500})].flat();
  return `${(100 * (await accuracy.data())[0]).toFixed(2)} % of ${x.shape[0]} test images`;
}

/**
 * Of each class its images number `from` to `to`, in the order of the files; as idx files, which need no decoder in the
 * page.
 */
async function copyImages(): Promise<void> {
  const [images, labels] = await Promise.all(
    ['images-idx3', 'labels-idx1'].map(async (kind) =>
      gunzipSync(await readFile(new URL(`t10k-${kind}-ubyte.gz`, subsetFolder))),
    ),
  );
  for (const {name, perClass} of parts) {
    const chosen = ofEachClass(labels.subarray(8), perClass.from, perClass.to);
    await write(
      `${name}-images`,
      images.subarray(0, 16),
      chosen.map((i) => images.subarray(16 + 784 * i, 16 + 784 * (i + 1))),
    );
    await write(
      `${name}-labels`,
      labels.subarray(0, 8),
      chosen.map((i) => labels.subarray(8 + i, 9 + i)),
    );
  }
}

function ofEachClass(labels: Uint8Array, from: number, to: number): number[] {
  const seen = new Uint32Array(10);
  return Array.from(labels.keys()).filter((i) => {
    const count = seen[labels[i]]++;
    return count >= from && count < to;
  });
}

async function write(name: string, header: Uint8Array, items: readonly Uint8Array[]): Promise<void> {
  const copy = Buffer.from(header);
  copy.writeUInt32BE(items.length, 4); // idx: the number of items follows the magic number
  await writeFile(new URL(`data/${name}.idx`, publicFolder), Buffer.concat([copy, ...items]));
}
