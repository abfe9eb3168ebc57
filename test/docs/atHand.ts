import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

// What the README's reader has: a trained model with data, and a browser's storage.

await tf.setBackend('wasm');

let saved = 0;
const storage = new Map<string, tf.io.ModelArtifacts>();
tf.io.registerSaveRouter((url) => (isStorage(url) ? tf.io.withSaveHandler(async (artifacts) => {
  saved++;
  storage.set(url, artifacts);
  return {modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts)};
}) : null) as never);
tf.io.registerLoadRouter((url) => (isStorage(url) ? {
  load: async () => {
    const artifacts = storage.get(url);
    if (!artifacts) throw new Error(`expected a model at ${url}, found none`);
    return artifacts;
  },
} : null) as never);
function isStorage(url: string | string[]): url is string {
  return typeof url === 'string' && /^(indexeddb|localstorage):/.test(url);
}
process.on('exit', () => { console.log(`saved ${saved} model`); });

// A timer that would only cut a long run short must not hold up the end of a short one.
const {setTimeout: original} = globalThis;
globalThis.setTimeout = ((run: () => void, delay?: number) => {
  const timer = original(run, delay);
  return delay !== undefined && delay >= 60_000 ? timer.unref() : timer;
}) as typeof setTimeout;

export const x = tf.randomUniform([256, 48], 0, 1, 'float32', 1);
export const y = tf.oneHot(tf.argMax(tf.slice(x, [0, 0], [256, 3]), 1), 3);
export const testX = tf.randomUniform([128, 48], 0, 1, 'float32', 2);
export const testY = tf.oneHot(tf.argMax(tf.slice(testX, [0, 0], [128, 3]), 1), 3);
export const model = tf.sequential({layers: [
  tf.layers.dense({units: 32, activation: 'relu', inputShape: [48]}),
  tf.layers.dense({units: 3, activation: 'softmax'}),
]});
model.compile({optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy']});
await model.fit(x, y, {epochs: 3, verbose: 0});
