import 'tfjs-compress/plugins/wasm';
import {relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {setBackend} from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {Command, InvalidArgumentError} from 'commander';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {type FashionMnist, isFullInstalled, loadFashionMnist} from '../examples/fashion-mnist/data.ts';
import {keepResult, keyOf, readResults} from './accuracy/accuracyResults.ts';
import {type AccuracyRow, accuracyRows, titleOf} from './accuracy/accuracyRows.ts';
import {accuracyCells, accuracyTable} from './accuracy/accuracyTable.ts';
import {type AccuracyRun, measureAccuracy} from './accuracy/measureAccuracy.ts';

interface Options {
  readonly model: string;
  readonly samples?: number;
  readonly seeds?: number;
  readonly only: readonly string[];
  readonly missing?: true;
  readonly quick?: true;
  readonly out?: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PRETRAINED = fileURLToPath(new URL('../examples/models/fashion-convnet/model.json', import.meta.url));
const KEPT = fileURLToPath(new URL('results/accuracy.json', import.meta.url));
/** Not among the results that are committed. */
const KEPT_QUICK = fileURLToPath(new URL('results/accuracy-quick.json.tmp', import.meta.url));

const {
  only,
  quick = false,
  missing = false,
  ...options
} = new Command('npm run bench:accuracy --')
  .description(
    "Compresses the example's model by every method to every width and sparsity, and measures each on the " +
      'test images: ' +
      "all 10,000 if Debian's dataset-fashion-mnist is installed, else the embedded 2,000. Figures also go to a " +
      'file, row by row as they come.',
  )
  .option('--model <path>', 'another tf.LayersModel for 28 × 28 × 1 images in [0, 1] and ten classes', PRETRAINED)
  .option('--samples <n>', 'calibration images (default: 4096)', positiveInteger)
  .option('--seeds <n>', 'average over this many seeds and calibration draws (default: 3)', positiveInteger)
  .option('--only <words...>', "only rows whose title has all of these, as in --only spfqPrune '80 %'", [])
  .option('--missing', 'only rows that the file does not have yet')
  .option('--quick', 'one seed, 512 calibration images, the embedded images, another file')
  .option('--out <file>', 'where figures are kept (default: bench/results/accuracy.json)')
  .parse()
  .opts<Options>();
const file = options.out ?? (quick ? KEPT_QUICK : KEPT);

await setBackend('wasm');
const model = await loadLayersModel(fileHandler(options.model));
const data = await loadFashionMnist({full: !quick && isFullInstalled()});
const run: AccuracyRun = {
  model: relative(ROOT, options.model),
  samples: options.samples ?? (quick ? 512 : 4096),
  seeds: options.seeds ?? (quick ? 1 : 3),
  testImages: data.test.x.shape[0],
};

await measureRows(chosenRows(), model, data);
printKept();

function chosenRows(): AccuracyRow[] {
  const named = accuracyRows.filter((row) => only.every((word) => titleOf(row).includes(word)));
  if (named.length === 0)
    throw new Error(`--only: expected words of a title as in '${titleOf(accuracyRows[1])}', got ${only.join(', ')}`);
  const kept = new Set(missing ? readResults(file).map(keyOf) : []);
  return named.filter((row) => !kept.has(keyOf({...row, run})));
}

/** A row that fails is told, and the others go on. */
async function measureRows(rows: readonly AccuracyRow[], from: LayersModel, images: FashionMnist): Promise<void> {
  for (const [i, row] of rows.entries()) {
    const place = `${String(i + 1).padStart(3)}/${rows.length}  ${titleOf(row)}`;
    try {
      const figures = await measureAccuracy(row, from, images, run);
      keepResult(file, {method: row.method, setting: row.setting, run, ...figures});
      const [accuracy, loss] = accuracyCells(figures);
      console.error(`${place}: ${accuracy}, ${loss} points lost, ${figures.seconds.toFixed(1)} s`);
    } catch (error) {
      process.exitCode = 1;
      console.error(`${place}: failed`, error);
    }
  }
}

/** Prints the rows that the file has of this run, also those that were measured before. */
function printKept(): void {
  const kept = new Map(readResults(file).map((result) => [keyOf(result), result]));
  const results = accuracyRows.flatMap((row) => kept.get(keyOf({...row, run})) ?? []);
  const seeds =
    run.seeds === 1 ? 'one seed' : `mean of ${run.seeds} seeds ± half the range, of one where a method ignores data`;
  console.log(`${run.model} on ${run.testImages} test images; ${run.samples} calibration images; ${seeds}`);
  console.log(accuracyTable(results));
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer');
  return value;
}
