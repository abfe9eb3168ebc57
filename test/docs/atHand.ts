import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs';
import {parseHTML} from 'linkedom';
import {useWebGPU} from 'tfjs-compress/plugins/node';
import {constant, graphModel as fromNodes, node, placeholder, texts} from '../support/models/graphs.ts';

// What the reader of a code block has: a trained model with data, a page, and a browser's storage.

// The same figures on every run: tfjs draws its initial weights and its batches from here.
let state = 1;
Math.random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

// A browser's GPU, for blocks that ask for it.
if (process.env['WITH_WEBGPU']) await useWebGPU();
await tf.setBackend('wasm');

let saved = 0;
const storage = new Map<string, tf.io.ModelArtifacts>();
tf.io.registerSaveRouter(
  (url) =>
    (isStorage(url)
      ? tf.io.withSaveHandler(async (artifacts) => {
          saved++;
          storage.set(url, artifacts);
          return {modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts)};
        })
      : null) as never,
);
tf.io.registerLoadRouter(
  (url) =>
    (isStorage(url)
      ? {
          load: async () => {
            const artifacts = storage.get(url);
            if (!artifacts) throw new Error(`expected a model at ${url}, found none`);
            return artifacts;
          },
        }
      : null) as never,
);
function isStorage(url: string | string[]): url is string {
  return typeof url === 'string' && /^(indexeddb|localstorage):/.test(url);
}

/** How many models were saved so far. */
export function savedModels(): number {
  return saved;
}

// A timer that would only cut a long run short must not hold up the end of a short one.
const {setTimeout: original} = globalThis;
globalThis.setTimeout = ((run: () => void, delay?: number) => {
  const timer = original(run, delay);
  return delay !== undefined && delay >= 60_000 ? timer.unref() : timer;
}) as typeof setTimeout;

/**
 * What a block may use without having made it: three kinds of points that overlap, and a network that tells them apart.
 */
export const {x, y} = points(512, 1);
export const {x: testX, y: testY} = points(256, 2);
export const dataset = tf.data.zip({xs: tf.data.array(tf.unstack(x)), ys: tf.data.array(tf.unstack(y))}).batch(32);
export const {document, Event} = parseHTML('<!doctype html><html><body><main></main></body></html>');
export const model = tf.sequential({
  layers: [
    tf.layers.dense({
      units: 32,
      activation: 'relu',
      inputShape: [48],
      name: 'hidden',
      kernelInitializer: tf.initializers.glorotUniform({seed: 1}),
    }),
    tf.layers.dense({
      units: 3,
      activation: 'softmax',
      name: 'scores',
      kernelInitializer: tf.initializers.glorotUniform({seed: 2}),
    }),
  ],
});
compile();
await model.fit(x, y, {epochs: 10, verbose: 0});
/** The same network as a converter gives it. */
export const graphModel = await convertedModel();
const trained = await Promise.all(
  model.getWeights().map(async (weight) => ({values: await weight.data(), shape: weight.shape})),
);

/** Forgets what a block did to the model, the backend and the random numbers; what it saved stays. */
export async function beginAnew(): Promise<void> {
  await tf.setBackend('wasm');
  state = 1;
  tf.tidy(() => {
    model.setWeights(trained.map(({values, shape}) => tf.tensor(values, shape)));
  });
  compile();
}

async function convertedModel(): Promise<tf.GraphModel> {
  const [hidden, hiddenBias, scores, scoresBias] = await Promise.all(
    model.getWeights().map((weight) => weight.data<'float32'>()),
  );
  const fused = (...ops: readonly string[]): Readonly<Record<string, object>> => ({
    fused_ops: texts(...ops),
    num_args: {i: '1'},
  });
  return fromNodes([
    placeholder('x', -1, 48),
    constant('hidden/kernel', [48, 32], hidden),
    constant('hidden/bias', [32], hiddenBias),
    constant('scores/kernel', [32, 3], scores),
    constant('scores/bias', [3], scoresBias),
    node('hidden', '_FusedMatMul', ['x', 'hidden/kernel', 'hidden/bias'], fused('BiasAdd', 'Relu')),
    node('scores', '_FusedMatMul', ['hidden', 'scores/kernel', 'scores/bias'], fused('BiasAdd')),
    node('probabilities', 'Softmax', ['scores']),
  ]);
}

function compile(): void {
  model.compile({optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy']});
}

function points(count: number, seed: number): {x: tf.Tensor2D; y: tf.Tensor} {
  return tf.tidy(() => {
    const kinds = tf.tensor1d(
      Array.from({length: count}, (_, i) => i % 3),
      'int32',
    );
    const centres = tf.randomNormal([3, 48], 0, 0.5, 'float32', 3);
    return {
      x: tf.add(tf.gather(centres, kinds), tf.randomNormal([count, 48], 0, 1, 'float32', seed)),
      y: tf.cast(tf.oneHot(kinds, 3), 'float32'),
    };
  });
}
