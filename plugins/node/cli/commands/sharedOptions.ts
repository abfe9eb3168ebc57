import {type Command, Option} from 'commander';
import {collectOption, countValue, rangeValue, seedValue, sizeValue} from './optionValues.ts';

/** The backends that a command can run on. */
export const BACKENDS = ['wasm', 'cpu', 'webgpu'] as const;

/** What every command takes. */
export interface RunOptions {
  readonly backend: (typeof BACKENDS)[number];
  readonly import?: readonly string[];
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** How a command reads data. */
export interface DataOptions {
  readonly samples?: number;
  readonly range: readonly [number, number];
  readonly size?: readonly [number, number];
  readonly seed: number;
  readonly onCorrupt: 'skip' | 'refuse';
}

/** Adds the options of {@link RunOptions}. */
export function addRunOptions(command: Command): Command {
  return command
    .optionsGroup('Running:')
    .addOption(new Option('--backend <name>', 'what tfjs computes on').choices(BACKENDS).default('wasm'))
    .option(
      '--import <module>',
      'a module to import before the model is loaded, such as one that registers custom layers; ' +
        'may be given more than once',
      collectOption,
    )
    .option(
      '--allow-outside',
      'read weights outside of the folder of their model.json, where its manifest or links lead there',
    )
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print errors only')
    .option('--verbose', 'print all that is known, of errors too');
}

/** Adds the options of {@link DataOptions}. */
export function addDataOptions(command: Command, samples: string): Command {
  return command
    .optionsGroup('Reading data:')
    .option('--samples <n>', samples, countValue)
    .addOption(
      new Option('--range <low,high>', 'what the values 0 and 255 of a pixel become: what the model was trained on')
        .argParser(rangeValue)
        .default([0, 1], '0,1'),
    )
    .option(
      '--size <HxW>',
      'the size of images for a model that takes any; others are resized to what the model takes',
      sizeValue,
    )
    .addOption(
      new Option('--on-corrupt <what>', 'leave out images that cannot be read, and name them, or end')
        .choices(['skip', 'refuse'])
        .default('skip'),
    )
    .option('--seed <n>', 'same seed, same samples, same result', seedValue, 0);
}
