import type {Command} from 'commander';
import type {EvaluateOptions} from './evaluateOptions.ts';
import {pathValue} from './optionValues.ts';
import {addDataOptions, addRunOptions} from './sharedOptions.ts';

/** Adds the command `evaluate`. */
export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure the accuracy of a model, and how far it is from another')
    .argument(
      '<model>',
      'a tf.LayersModel, packed or not: its model.json, the folder of it, or its http(s) address',
      pathValue,
    )
    .optionsGroup('What to measure:')
    .requiredOption(
      '--data <data>',
      'inputs: a folder of images, whose sub-folders are classes, a .npy file or an idx file, gzipped or not',
      pathValue,
    )
    .option('--labels <file>', 'their classes: an idx or .npy file, or a text with one number a line', pathValue)
    .option('--against <model>', 'the float model that it was made from: adds agreement and output error', pathValue);
  addDataOptions(command, 'the maximum number of inputs (default: all)');
  addRunOptions(command).action(async (model: string, options: EvaluateOptions) => {
    const {evaluateCommand} = await import('./evaluate.ts');
    await evaluateCommand(model, options);
  });
}
