import type {BitsValue, PruneValue} from './optionValues.ts';
import type {DataOptions, RunOptions} from './sharedOptions.ts';

/** The forms that a model can be saved in. */
export const FORMATS = ['packed', 'stock', 'float32'] as const;

/** What compressing takes. */
export interface CompressOptions extends RunOptions, DataOptions {
  readonly calibrate?: string;
  readonly bits?: BitsValue;
  readonly prune?: PruneValue;
  readonly correct?: true;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly out?: string;
  readonly format: (typeof FORMATS)[number];
  readonly report?: string;
  readonly evaluate?: string;
  readonly labels?: string;
  readonly force?: true;
  readonly dryRun?: true;
}
