import 'tfjs-compress/plugins/wasm';
import {fileURLToPath} from 'node:url';
import * as tf from '@tensorflow/tfjs';
import {SingleBar} from 'cli-progress';
import {Command, InvalidArgumentError} from 'commander';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {isFullInstalled, type LabelledImages, loadFashionMnist} from './data.ts';
import {createConvnet} from './model.ts';
import {ratesFor, trainConvnet} from './trainConvnet.ts';

interface Options {
  readonly epochs: number;
  readonly limit?: number;
  readonly out: string;
}

const {epochs, limit, out} = new Command('train')
  .description(
    "Trains the convnet on Fashion-MNIST: on all 60,000 images if Debian's dataset-fashion-mnist is installed, " +
      'else on the embedded 10,000.',
  )
  .option('--epochs <n>', 'passes over the images', positiveInteger, 9)
  .option('--limit <n>', 'train on the first n images only', positiveInteger)
  .option(
    '--out <folder>',
    'where to save the model',
    fileURLToPath(new URL('../models/fashion-convnet', import.meta.url)),
  )
  .parse()
  .opts<Options>();

await tf.setBackend('wasm');
const {train, test} = await loadFashionMnist({full: isFullInstalled()});
const images = firstOf(train, limit);
const model = createConvnet();
await trainWithBar(model, images);
console.log(await describe(model, test));
console.log(`saved to ${out}`);

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer');
  return value;
}

function firstOf({x, y}: LabelledImages, count = x.shape[0]): LabelledImages {
  const kept = Math.min(count, x.shape[0]);
  return {x: tf.slice(x, 0, kept), y: tf.slice(y, 0, kept)};
}

async function trainWithBar(model: tf.LayersModel, images: LabelledImages): Promise<void> {
  const bar = new SingleBar({
    format:
      'epoch {epoch}/{epochs} [{bar}] {value}/{total} images, loss {loss}, accuracy {accuracy} %, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    etaBuffer: 100,
  });
  bar.start(epochs * images.x.shape[0], 0, {epoch: 1, epochs, loss: '–', accuracy: '–'});
  await trainConvnet(model, images, {
    rates: ratesFor(epochs),
    // After every epoch: an interrupted training leaves its best so far.
    onEpochEnd: async () => {
      await model.save(fileHandler(out));
    },
    onProgress: ({images, epoch, loss, accuracy}) =>
      bar.update(images, {epoch, loss: loss.toFixed(4), accuracy: (100 * accuracy).toFixed(2)}),
  });
  bar.stop();
}

async function describe(model: tf.LayersModel, {x, y}: LabelledImages): Promise<string> {
  const [loss, accuracy] = await Promise.all(
    [model.evaluate(x, y, {batchSize: 500})].flat().map(async (scalar) => (await scalar.data())[0]),
  );
  return `on ${x.shape[0]} test images: loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(2)} %`;
}
