import type {OperatorFunction} from 'rxjs';
import {type LabelledData, requireLabelled} from '../data/readLabelledBatches.ts';
import {integer, resolveOptions} from '../options.ts';
import {evaluateModel} from '../stages/evaluateModel.ts';
import type {Compression} from '../stages/run/compression.ts';
import {stage} from './stage.ts';

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** The number of samples that are predicted together. Default 128. */
  readonly batchSize?: number;
}

/**
 * Compares the compressed model with the original, in `report.evaluation`: top-1 accuracy where targets are given,
 * agreement with the original's answers, and ‖y − ỹ‖/‖y‖ over all outputs.
 *
 * ```ts
 * compress(model).pipe(calibrate(x), spfqQuantize({bits: 4}), evaluate({xs: testX, ys: testY}))
 * ```
 * @param data `{xs, ys}` in memory, which stays yours, or a source of such batches, which are disposed of; `ys` are
 *   targets of the first output, and may be absent
 * @throws OptionError or DataError at once, for an unknown option or unreadable data; errors while reading go down the
 *   stream
 */
export function evaluate(
  data: LabelledData,
  options: EvaluateOptions = {},
): OperatorFunction<Compression, Compression> {
  const {batchSize} = resolveOptions<Required<EvaluateOptions>>('evaluate', options, {batchSize: integer(128, 1)});
  requireLabelled('evaluate', data);
  return stage('evaluate', (compression, context) => evaluateModel(compression, data, batchSize, context));
}
