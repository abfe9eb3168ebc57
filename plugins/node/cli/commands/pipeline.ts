import type {Observable, OperatorFunction} from 'rxjs';
import {
  calibrate,
  type Compression,
  correct,
  type DryRunOptions,
  evaluate,
  pack,
  progress,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import type {TerminalProgress} from 'tfjs-compress/plugins/node';
import type {EvaluationData} from '../data/evaluationData.ts';
import type {DiskInputs} from '../data/readingOptions.ts';
import type {CompressOptions} from './compressOptions.ts';

/** What the stages of a pipeline work on. */
export interface PipelineData {
  readonly inputs: DiskInputs;
  readonly evaluation: EvaluationData | undefined;
  /** Sees how the stages get on. */
  readonly shown: TerminalProgress | undefined;
}

/** Appends the stages that the options name to a source. */
export function buildPipeline(
  source: Observable<Compression>,
  options: CompressOptions,
  {inputs, evaluation, shown}: PipelineData,
): Observable<Compression> {
  const {prune, correct: corrected, format} = options;
  const bits = bitsOf(options);
  const chosen = selectionOf(options);
  const stages: Array<OperatorFunction<Compression, Compression> | undefined> = [
    calibrate(() => inputs.read(), {samples: inputs.count}),
    shown && progress(shown),
    prune && spfqPrune({...prune, ...chosen}),
    bits && spfqQuantize({bits, ...chosen, ...granularityOf(options)}),
    corrected && correct(),
    format === 'packed' ? pack() : undefined,
    evaluation && evaluate(() => evaluation.read()),
  ];
  return stages.reduce((pipeline, stage) => (stage ? pipeline.pipe(stage) : pipeline), source);
}

/** The choices of the stages, as a dry run takes them. */
export function choicesOf(options: CompressOptions): DryRunOptions {
  const bits = bitsOf(options);
  return {...(bits && {bits}), ...options.prune, ...selectionOf(options), ...granularityOf(options)};
}

/** How many bits weights get; undefined where they are only pruned. */
function bitsOf({bits, prune}: CompressOptions): CompressOptions['bits'] {
  return bits ?? (prune === undefined ? 4 : undefined);
}

/** Which layers are meant. */
function selectionOf({include, exclude}: CompressOptions): Pick<DryRunOptions, 'include' | 'exclude'> {
  return {...(include && {include}), ...(exclude && {exclude})};
}

/** With one step for all of a layer its letters are exact in the 8 bits of tfjs. */
function granularityOf({format}: CompressOptions): Pick<DryRunOptions, 'granularity'> {
  return format === 'stock' ? {granularity: 'tensor'} : {};
}
