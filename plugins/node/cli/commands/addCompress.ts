import {type Command, Option} from 'commander';
import {UsageError} from '../failure.ts';
import type {CompressOptions} from './compressOptions.ts';
import {FORMATS} from './compressOptions.ts';
import {bitsValue, pageValue, pathValue, pruneValue} from './optionValues.ts';
import {addDataOptions, addRunOptions} from './sharedOptions.ts';

/** Adds what the program does without the name of a command. */
export function addCompress(program: Command): void {
  program
    .argument('<model>', 'a tf.LayersModel: its model.json, the folder of it, or its http(s) address', pathValue)
    .optionsGroup('What to do:')
    .option(
      '--calibrate <data>',
      'inputs that the model was made for: a folder of images (jpeg, png), a .npy file or an idx file, gzipped or not',
      pathValue,
    )
    .option(
      '--bits <n>',
      'bits of a weight: 1 to 8, or ternary (default: 4; with --prune alone weights are pruned only)',
      bitsValue,
    )
    .option(
      '--prune <share>',
      'weights that become 0 first: a share of each layer, as 0.5, or a pattern, as 2:4',
      pruneValue,
    )
    .option('--correct', 'take out errors that are left, without training')
    .option('--include <names...>', 'only these layers; put the model in front of the names')
    .option('--exclude <names...>', 'not these layers');
  program
    .optionsGroup('What comes out:')
    .option('--out <folder>', 'where the small model is saved', pathValue)
    .addOption(
      new Option(
        '--format <form>',
        'packed: smallest, for loadPacked; stock: what unmodified tfjs loads, in its 8-bit and 16-bit formats; ' +
          'float32: as every tf.LayersModel',
      )
        .choices(FORMATS)
        .default('packed'),
    )
    .option('--report <file>', 'a page with plots of sizes, errors and weights, in one .html file', pageValue)
    .option(
      '--evaluate <data>',
      'compare with the original on these inputs, as for --calibrate; sub-folders of images are classes',
      pathValue,
    )
    .option(
      '--labels <file>',
      'their classes, for the accuracy: an idx or .npy file, or a text with one number a line',
      pathValue,
    )
    .option('--force', 'save into a folder that has other files, too')
    .option('--dry-run', 'say which layers would be compressed, to what size, and in how much memory; write nothing');
  addDataOptions(
    program,
    'the maximum number of inputs to calibrate on; more make the model better and take longer (default: 4096)',
  );
  addRunOptions(program);
  program.addHelpText('after', EXAMPLES);
  program.action(async (model: string, options: CompressOptions) => {
    requireCompatible(options); // before tfjs is loaded, which takes its time
    const {compressCommand} = await import('./compress.ts');
    await compressCommand(model, options);
  });
}

/** @throws UsageError for options that make no sense without, or with, another */
function requireCompatible({calibrate, out, labels, evaluate, dryRun, report}: CompressOptions): void {
  if (labels !== undefined && evaluate === undefined)
    throw new UsageError('--labels: expected --evaluate <data> beside it, whose classes these are');
  if (dryRun && report !== undefined)
    throw new UsageError('--report: expected no --dry-run beside it, which has nothing to report yet');
  if (dryRun) return;
  if (calibrate === undefined)
    throw new UsageError(
      '--calibrate <data>: expected inputs that the model was made for, as a folder of images, a .npy or an idx file',
    );
  if (out === undefined) throw new UsageError('--out <folder>: expected a place to save the small model, or --dry-run');
}

const EXAMPLES = `
Examples:
  $ tfjs-compress model/ --calibrate images/ --dry-run
  $ tfjs-compress model/ --calibrate images/ --range -1,1 --bits 4 --out small/
  $ tfjs-compress https://example.com/model.json --calibrate x.npy --bits 3 \\
      --prune 0.5 --correct --out small/ --report report.html
  $ tfjs-compress model/ --calibrate train.idx.gz --out small/ --json \\
      --evaluate test.idx.gz --labels test-labels.idx.gz
  $ tfjs-compress inspect small/
  $ tfjs-compress evaluate small/ --data photos/ --against model/

Model and page appear at the end, both complete, or not at all; the original is
never touched. Exit codes: 0 done, 1 failed, 2 wrong command line,
130 cancelled by Ctrl-C.`;
