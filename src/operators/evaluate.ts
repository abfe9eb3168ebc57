import type {OperatorFunction} from 'rxjs';
import {type LabelledData, requireLabelled} from '../data/readLabelledBatches.ts';
import {integer, resolveOptions} from '../options.ts';
import {evaluateModel} from '../stages/evaluateModel.ts';
import type {Compression} from '../stages/run/compression.ts';
import {stage} from './stage.ts';

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** Samples that are predicted together. Default 128. */
  readonly batchSize?: number;
}

/**
 * Measures the compressed model beside the original, into `report.evaluation`: top-1 accuracy where targets are given,
 * agreement with the original's answers, and ‖y − ỹ‖/‖y‖ over all outputs.
 *
 * ```ts
 * compress(model).pipe(calibrate(x), spfqQuantize({bits: 4}), evaluate({xs: testX, ys: testY}))
 * ```
 * @param data `{xs, ys}` in memory, which stays yours, or a source of such batches, which are disposed of; `ys` of the
 *   first output, may be absent
 * @throws OptionError or DataError at once, for an unknown option or data that cannot be read; data errors go down the
 *   stream when it is read
 */
export function evaluate(
  data: LabelledData,
  options: EvaluateOptions = {},
): OperatorFunction<Compression, Compression> {
  const {batchSize} = resolveOptions<Required<EvaluateOptions>>('evaluate', options, {batchSize: integer(128, 1)});
  requireLabelled('evaluate', data);
  return stage('evaluate', (compression, context) => evaluateModel(compression, data, batchSize, context));
}
