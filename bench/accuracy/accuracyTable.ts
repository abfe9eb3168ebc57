import {readableBytes} from '../../examples/fashion-mnist/table.ts';
import {textTable} from '../results.ts';
import type {AccuracyResult} from './accuracyResults.ts';
import {zerosOf} from './accuracyRows.ts';
import type {AccuracyFigures} from './measureAccuracy.ts';

const HEAD = [
  'method',
  'bits',
  'sparsity',
  'accuracy',
  'loss (points)',
  'output error',
  'size',
  'gzip',
  'seconds',
] as const;

/** Results as a plain-text table; losses are against the model as it came, spreads half the range over the seeds. */
export function accuracyTable(results: readonly AccuracyResult[]): string {
  return textTable(
    HEAD,
    results.map(({method, setting, ...figures}) => [
      method,
      String(setting.bits ?? 32),
      zerosOf(setting) ?? '–',
      ...accuracyCells(figures),
      `${(100 * figures.relativeError).toFixed(2)} %`,
      readableBytes(figures.bytes),
      readableBytes(figures.gzipBytes),
      figures.seconds.toFixed(1),
    ]),
  );
}

/** The mean accuracy with its spread in percent, and the loss in percentage points. */
export function accuracyCells({
  accuracies,
  floatAccuracy,
}: Pick<AccuracyFigures, 'accuracies' | 'floatAccuracy'>): [accuracy: string, loss: string] {
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  const spread =
    accuracies.length > 1 ? ` ± ${(50 * (Math.max(...accuracies) - Math.min(...accuracies))).toFixed(2)}` : '';
  return [`${(100 * mean).toFixed(2)} %${spread}`, points(floatAccuracy - mean)];
}

/** Without the sign of a zero. */
function points(share: number): string {
  const text = (100 * share).toFixed(2);
  return text === '-0.00' ? '0.00' : text;
}
