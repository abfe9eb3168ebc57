import * as tf from '@tensorflow/tfjs';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {Doubling} from './doubling.ts';

/** Images and classes that the models below are made for. */
export const digits = {
  images: 'examples/data/t10k-images-idx3-ubyte.gz',
  labels: 'examples/data/t10k-labels-idx1-ubyte.gz',
} as const;

/** Saves a classifier of 28 × 28 images with a hidden layer; compressing it takes a second. */
export async function saveClassifier(folder: string): Promise<void> {
  await save(
    folder,
    tf.sequential({
      name: 'classifier',
      layers: [
        tf.layers.averagePooling2d({poolSize: 4, inputShape: [28, 28, 1]}),
        tf.layers.flatten(),
        tf.layers.dense({
          units: 32,
          activation: 'relu',
          name: 'hidden',
          kernelInitializer: tf.initializers.glorotUniform({seed: 1}),
        }),
        tf.layers.dense({
          units: 10,
          activation: 'softmax',
          name: 'logits',
          kernelInitializer: tf.initializers.glorotUniform({seed: 2}),
        }),
      ],
    }),
  );
}

/** Saves a model that takes a while: many layers, each short. */
export async function saveDeep(folder: string, depth: number): Promise<void> {
  const dense = Array.from({length: depth}, (_, i) => tf.layers.dense({units: 96, name: `dense${i}`}));
  await save(
    folder,
    tf.sequential({
      layers: [tf.layers.averagePooling2d({poolSize: 4, inputShape: [28, 28, 1]}), tf.layers.flatten(), ...dense],
    }),
  );
}

/** Saves a model of colour images of any size. */
export async function saveFilter(folder: string): Promise<void> {
  await save(
    folder,
    tf.sequential({
      layers: [
        tf.layers.conv2d({
          filters: 4,
          kernelSize: 3,
          inputShape: [null, null, 3],
          name: 'filter',
          kernelInitializer: tf.initializers.glorotUniform({seed: 3}),
        }),
      ],
    }),
  );
}

/** Saves a model with a layer of its own. */
export async function saveCustom(folder: string): Promise<void> {
  await save(
    folder,
    tf.sequential({
      layers: [tf.layers.dense({units: 4, inputShape: [8], name: 'dense'}), new Doubling({name: 'doubling'})],
    }),
  );
}

async function save(folder: string, model: tf.LayersModel): Promise<void> {
  await model.save(fileHandler(folder));
  model.dispose();
}
