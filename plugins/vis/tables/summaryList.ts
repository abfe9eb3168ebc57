import type {Report} from '../../../src/index.ts';
import {element} from '../dom.ts';
import {bytesText, duration, groupDigits, percent, short} from '../numbers.ts';

/** The key figures of a compression, as a list of terms and values. */
export function summaryList(document: Document, report: Report): HTMLElement {
  return element(
    document,
    'dl',
    {class: 'compress-summary', 'aria-label': 'Key figures'},
    ...figuresOf(report).map(({term, before, value, note}) =>
      element(
        document,
        'div',
        {},
        element(document, 'dt', {}, term),
        element(
          document,
          'dd',
          {class: 'compress-value'},
          before === undefined ? undefined : element(document, 'small', {}, `${before} → `),
          value,
        ),
        element(document, 'dd', {class: 'compress-note'}, note),
      ),
    ),
  );
}

interface KeyFigure {
  readonly term: string;
  /** What it was, where it changed. */
  readonly before?: string;
  readonly value: string;
  readonly note: string;
}

function figuresOf({size, evaluation, layers, milliseconds, stages}: Report): KeyFigure[] {
  const {bytesBefore, bytesAfter, compressedWeights, parameters} = size;
  const pruned = layers.reduce((sum, {sparsity, weights}) => sum + sparsity * weights, 0);
  if (layers.length === 0)
    return [
      {term: 'Size', value: bytesText(bytesBefore), note: `${groupDigits(parameters)} parameters, no layer compressed`},
    ];
  return [
    ...(evaluation ? [qualityOf(evaluation)] : []),
    {
      term: 'Size',
      before: bytesText(bytesBefore),
      value: bytesText(bytesAfter),
      note: `${short(bytesBefore / bytesAfter)} times smaller, packed`,
    },
    {term: 'Bits per weight', value: size.bitsPerWeight.toFixed(2), note: 'with scales and masks, of 32'},
    ...(pruned > 0
      ? [
          {
            term: 'Pruned',
            value: percent(pruned / compressedWeights, 1),
            note: `of ${groupDigits(compressedWeights)} compressed weights`,
          },
        ]
      : []),
    {
      term: 'Layers',
      value: String(layers.length),
      note: `with ${percent(compressedWeights / parameters, 1)} of all parameters`,
    },
    {term: 'Time', value: duration(milliseconds), note: stages.length === 1 ? 'one stage' : `${stages.length} stages`},
  ];
}

function qualityOf({accuracyBefore, accuracyAfter, agreement, samples}: NonNullable<Report['evaluation']>): KeyFigure {
  return accuracyBefore === undefined || accuracyAfter === undefined
    ? {term: 'Agreement', value: percent(agreement), note: `with the original, on ${groupDigits(samples)} samples`}
    : {
        term: 'Accuracy',
        before: percent(accuracyBefore),
        value: percent(accuracyAfter),
        note: `on ${groupDigits(samples)} samples`,
      };
}
