import 'tfjs-compress/plugins/wasm';
import {fileURLToPath} from 'node:url';
import {setBackend} from '@tensorflow/tfjs-core';
import {Command, InvalidArgumentError} from 'commander';
import {modelBenches} from './models/index.ts';
import {keepModelRow, readModelRows} from './models/modelResults.ts';
import type {ModelBench} from './models/modelRow.ts';
import {modelTable, rowLine} from './models/modelTable.ts';

interface Options {
  readonly only: string;
  readonly seeds: number;
  readonly out: string;
}

const KEPT = fileURLToPath(new URL('results/models.json', import.meta.url));

const {only, seeds, out} = new Command('npm run bench:models --')
  .description(
    'Compresses real models, and models of real shapes, on wasm, and measures what is left of them. ' +
      'Photos of Debian packages are fetched and models are trained once, into .cache. Figures also go to a file, ' +
      'row by row as they come.',
  )
  .option('--only <part>', `only models whose name has this: ${modelBenches.map(({name}) => name).join(', ')}`, '')
  .option('--seeds <n>', 'average over this many seeds and calibration draws', positiveInteger, 3)
  .option('--out <file>', 'where figures are kept', KEPT)
  .parse()
  .opts<Options>();

await setBackend('wasm');
const chosen = modelBenches.filter(({name}) => name.toLowerCase().includes(only.toLowerCase()));
if (chosen.length === 0)
  throw new Error(`--only: expected a part of a name of ${modelBenches.map(({name}) => name).join(', ')}, got ${only}`);
for (const bench of chosen) await measure(bench);
console.log(modelTable(readModelRows(out).filter(({model}) => chosen.some(({name}) => name === model))));

/** A model that fails is told, and the others go on. */
async function measure({name, rows}: ModelBench): Promise<void> {
  try {
    for await (const row of rows({seeds})) {
      keepModelRow(out, row);
      console.error(rowLine(row));
    }
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: failed`, error);
  }
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer');
  return value;
}
