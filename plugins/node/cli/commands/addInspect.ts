import type {Command} from 'commander';
import {pathValue} from './optionValues.ts';
import {addRunOptions, type RunOptions} from './sharedOptions.ts';

/** Adds the command `inspect`. */
export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description('list the layers of a model: shapes, weights, and in how many bits they are stored')
    .argument(
      '<model>',
      'a tf.LayersModel, packed or not: its model.json, the folder of it, or its http(s) address',
      pathValue,
    );
  addRunOptions(command).action(async (model: string, options: RunOptions) => {
    const {inspectCommand} = await import('./inspect.ts');
    await inspectCommand(model, options);
  });
}
