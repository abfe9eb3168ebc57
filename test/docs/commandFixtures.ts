import 'tfjs-compress/plugins/wasm';
import {copyFile, mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {PNG} from 'pngjs';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../examples/fashion-mnist/data.ts';

/**
 * The files that the commands of a guide read: `model/`, a small classifier of Fashion-MNIST; `images/`, what it is
 * made for, one of them cut off; `test-images.idx.gz` and `test-labels.idx.gz`.
 */
export async function commandFixtures(folder: string): Promise<void> {
  await mkdir(folder, {recursive: true});
  await tf.setBackend('wasm');
  const {train, test} = await loadFashionMnist();
  await saveClassifier(train, join(folder, 'model'));
  await saveImages(train.x, join(folder, 'images'));
  await copyFile('examples/data/t10k-images-idx3-ubyte.gz', join(folder, 'test-images.idx.gz'));
  await copyFile('examples/data/t10k-labels-idx1-ubyte.gz', join(folder, 'test-labels.idx.gz'));
  tf.dispose([train.x, train.y, test.x, test.y]);
}

/** Trained on 4,000 images, in the same order each time: the same weights on every machine. */
async function saveClassifier({x, y}: {readonly x: tf.Tensor4D; readonly y: tf.Tensor2D}, path: string): Promise<void> {
  const drawn = (seed: number) => tf.initializers.glorotUniform({seed});
  const model = tf.sequential({
    name: 'classifier',
    layers: [
      tf.layers.conv2d({
        name: 'conv1',
        inputShape: [28, 28, 1],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        kernelInitializer: drawn(1),
      }),
      tf.layers.conv2d({
        name: 'conv2',
        filters: 16,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        kernelInitializer: drawn(2),
      }),
      tf.layers.flatten({name: 'flat'}),
      tf.layers.dense({name: 'scores', units: 10, activation: 'softmax', kernelInitializer: drawn(3)}),
    ],
  });
  const optimizer = tf.train.adam(0.003);
  model.compile({optimizer, loss: 'categoricalCrossentropy'});
  const [some, labels] = [tf.slice(x, 0, 4000), tf.slice(y, 0, 4000)];
  await model.fit(some, labels, {epochs: 3, shuffle: false, verbose: 0});
  await model.save(fileHandler(path));
  model.dispose();
  tf.dispose([some, labels]);
  optimizer.dispose();
}

async function saveImages(x: tf.Tensor4D, path: string): Promise<void> {
  await mkdir(path);
  const some = tf.slice(x, 5000, 200);
  const pixels = await some.data();
  some.dispose();
  for (let i = 0; i < 200; i++) {
    const png = new PNG({width: 28, height: 28});
    png.data = Buffer.from(
      Array.from({length: 28 * 28}, (_, at) => Math.round(255 * pixels[i * 784 + at])).flatMap((value) => [
        value,
        value,
        value,
        255,
      ]),
    );
    const file = PNG.sync.write(png);
    await writeFile(join(path, `image-${String(i).padStart(3, '0')}.png`), i === 100 ? file.subarray(0, 60) : file);
  }
}
