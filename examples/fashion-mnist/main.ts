import 'tfjs-compress/plugins/wasm';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as tf from '@tensorflow/tfjs';
import {Command, InvalidArgumentError} from 'commander';
import {finalize, lastValueFrom} from 'rxjs';
import {compress, type Compression, fit} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {trainingBar} from './bars.ts';
import {compareMethods} from './compare.ts';
import {createSmallConvnet} from './createSmallConvnet.ts';
import {type FashionMnist, loadFashionMnist} from './data.ts';
import {methodTable} from './table.ts';
import {fallingRates, prepareTraining} from './trainConvnet.ts';

interface Options {
  readonly pretrained?: true;
  readonly model?: string;
  readonly full?: true;
  readonly epochs: number;
  readonly samples: number;
  readonly seeds: number;
  readonly paper?: true;
  readonly report?: true;
  readonly save?: string;
}

const PRETRAINED = fileURLToPath(new URL('../models/fashion-convnet/model.json', import.meta.url));

const options = new Command('npm start --')
  .description('Trains a convnet on Fashion-MNIST, compresses it to 8, 4, 3, 2, ternary and 1 bits, and compares.')
  .option('--pretrained', 'compress the convnet that comes with the example, without training')
  .option('--model <path>', 'compress your own tf.LayersModel for 28 × 28 × 1 images in [0, 1] and ten classes')
  .option('--full', "use all 60,000 + 10,000 images of Debian's dataset-fashion-mnist")
  .option('--epochs <n>', 'passes of the training', positiveInteger, 8)
  .option('--samples <n>', 'calibration images', positiveInteger, 4096)
  .option('--seeds <n>', 'average over this many seeds and calibration draws', positiveInteger, 1)
  .option('--paper', 'also the bare stochastic path of the paper')
  .option('--save <folder>', 'save every compressed model there, packed')
  .option('--report', 'print the report of every compression')
  .parse()
  .opts<Options>();

await tf.setBackend('wasm');
const data = await loadFashionMnist({full: options.full ?? false});
const results = await compareMethods(await trainedOrLoaded(data), data, {
  samples: options.samples,
  seeds: Array.from({length: options.seeds}, (_, seed) => seed),
  paper: options.paper ?? false,
  onReport: (report) => {
    if (options.report) console.log(report);
  },
  onModel: async (name, model) => {
    if (options.save !== undefined) await model.save(fileHandler(join(options.save, name)));
  },
});
console.log(methodTable(results));

async function trainedOrLoaded({train}: FashionMnist): Promise<Compression> {
  if (options.pretrained || options.model !== undefined) {
    return lastValueFrom(compress(await tf.loadLayersModel(fileHandler(options.model ?? PRETRAINED))));
  }
  const model = createSmallConvnet();
  const bar = trainingBar(options.epochs, train.x.shape[0]);
  const args = prepareTraining(model, {rates: fallingRates(options.epochs), onProgress: bar.show});
  return lastValueFrom(fit(model, train.x, train.y, args).pipe(finalize(bar.stop)));
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer');
  return value;
}
