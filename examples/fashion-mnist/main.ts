import * as tf from '@tensorflow/tfjs';
import {Command, InvalidArgumentError} from 'commander';
import {finalize, lastValueFrom, of} from 'rxjs';
import {calibrate, compress, type Compression, fit, progress, spfqQuantize, type SpfqQuantizeOptions} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import 'tfjs-compress/plugins/wasm';
import {compressionBar, trainingBar} from './bars.ts';
import {createSmallConvnet} from './createSmallConvnet.ts';
import {type FashionMnist, type LabelledImages, loadFashionMnist} from './data.ts';
import {methodTable, type MethodResult} from './table.ts';
import {fallingRates, prepareTraining} from './trainConvnet.ts';
import {quantizeUint8} from './uint8.ts';

interface Options {
  readonly pretrained?: true;
  readonly model?: string;
  readonly full?: true;
  readonly epochs: number;
  readonly samples: number;
  readonly seed: number;
  readonly report?: true;
}

const PRETRAINED = new URL('../models/fashion-convnet/model.json', import.meta.url).pathname;
const WIDTHS: ReadonlyArray<NonNullable<SpfqQuantizeOptions['bits']>> = [8, 4, 3, 2, 'ternary', 1];

/** Plain rounding of every weight to the nearest letter: no calibration, no feedback. */
const NEAREST = {scale: 'mse', alignment: 'none', feedback: 'none', rounding: 'nearest', sweeps: 0} as const satisfies SpfqQuantizeOptions;

const options = new Command('npm start --')
  .description('Trains a convnet on Fashion-MNIST, compresses it to 8, 4, 3, 2, ternary and 1 bits, and compares.')
  .option('--pretrained', 'compress the convnet that comes with the example, without training')
  .option('--model <path>', 'compress your own tf.LayersModel for 28 × 28 × 1 images in [0, 1] and ten classes')
  .option('--full', "use all 60,000 + 10,000 images of Debian's dataset-fashion-mnist")
  .option('--epochs <n>', 'passes of the training', positiveInteger, 8)
  .option('--samples <n>', 'calibration images', positiveInteger, 4096)
  .option('--seed <n>', 'seed of everything random in the compression', Number, 0)
  .option('--report', 'print the report of every compression')
  .parse()
  .opts<Options>();

await tf.setBackend('wasm');
const data = await loadFashionMnist({full: options.full ?? false});
const trained = await source(data);
console.log(methodTable(await compare(trained, data)));

/** The model with its calibration data: trained here, or loaded. */
async function source({train}: FashionMnist): Promise<Compression> {
  const {samples, seed} = options;
  if (options.pretrained || options.model !== undefined) {
    const model = await tf.loadLayersModel(fileHandler(options.model ?? PRETRAINED));
    return lastValueFrom(compress(model, {seed}).pipe(calibrate(train.x, {samples})));
  }
  const model = createSmallConvnet();
  const bar = trainingBar(options.epochs, train.x.shape[0]);
  const args = prepareTraining(model, {rates: fallingRates(options.epochs), onProgress: bar.show});
  return lastValueFrom(fit(model, train.x, train.y, args, {samples, seed}).pipe(finalize(bar.stop)));
}

async function compare(from: Compression, {train, test}: FashionMnist): Promise<MethodResult[]> {
  const {bytesBefore} = from.report.size;
  const results = [
    {method: 'float', bits: 32, accuracy: await accuracyOf(from.original, test), bytes: bytesBefore, gzipBytes: bytesBefore},
    await uint8Result(from.original, test),
  ];
  for (const bits of WIDTHS) {
    const bar = compressionBar(`${String(bits)}${bits === 'ternary' ? '' : ' bits'}`);
    const pipeline = of(from).pipe(progress(bar.show), spfqQuantize({bits}), finalize(bar.stop));
    results.push(await result('path following', await lastValueFrom(pipeline), test));
    // Nearest rounding learns nothing from data; a few samples are enough to report its error.
    results.push(await result('nearest', await lastValueFrom(of(from).pipe(calibrate(train.x, {samples: 64}), spfqQuantize({bits, ...NEAREST}))), test));
  }
  return results;
}

async function result(method: string, compression: Compression, test: LabelledImages): Promise<MethodResult> {
  const {report, model} = compression;
  if (options.report) console.log(String(report));
  const accuracy = await accuracyOf(model, test);
  const [{levels, effectiveBits}] = report.layers;
  compression.dispose();
  return {method, bits: effectiveBits, levels, accuracy, bytes: report.size.bytesAfter, gzipBytes: report.size.gzipBytesAfter};
}

async function uint8Result(model: tf.LayersModel, test: LabelledImages): Promise<MethodResult> {
  const {model: rounded, bytes, gzipBytes} = await quantizeUint8(model);
  const accuracy = await accuracyOf(rounded, test);
  rounded.dispose();
  return {method: 'tfjs-converter uint8', bits: 8, levels: 256, accuracy, bytes, gzipBytes};
}

async function accuracyOf(model: tf.LayersModel, {x, y}: LabelledImages): Promise<number> {
  const right = tf.tidy(() => {
    const scores = model.predict(x, {batchSize: 250}) as tf.Tensor;
    return tf.mean(tf.cast(tf.equal(tf.argMax(scores, 1), tf.argMax(y, 1)), 'float32'));
  });
  const [accuracy] = await right.data();
  right.dispose();
  return accuracy;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer');
  return value;
}
