import type {DataOptions, RunOptions} from './sharedOptions.ts';

/** What `evaluate` takes. */
export interface EvaluateOptions extends RunOptions, DataOptions {
  readonly data: string;
  readonly labels?: string;
  readonly against?: string;
}
