import type {LayerReport, Report} from 'tfjs-compress';
import type {SavedFile} from '../files/outputs.ts';
import {alignedTable, type Column} from './alignedTable.ts';
import {bytesText, countText, percentText} from './numbers.ts';
import {type Output, wrapText} from './output.ts';
import {skipLines} from './skipLines.ts';

/** What a compression came to. */
export interface Outcome {
  readonly report: Report;
  /** Bytes of the files of the original. */
  readonly bytesBefore: number;
  readonly model: readonly SavedFile[];
  readonly page: SavedFile | undefined;
  /** Whether it was packed: only then it has the bits and bytes of the report. */
  readonly isPacked: boolean;
  /** Whether the model chooses one of some classes. */
  readonly isClassifier: boolean;
  readonly seconds: number;
}

const COLUMNS: ReadonlyArray<Column<LayerReport>> = [
  {heading: 'layer', text: ({name}) => name},
  {heading: 'type', text: ({className}) => className},
  {heading: 'weights', text: ({weights}) => countText(weights), isNumber: true},
  {heading: 'bits', text: ({levels}) => (levels === 2 ** 32 ? 'float' : Math.log2(levels).toFixed(2)), isNumber: true},
  {heading: 'zeros', text: ({sparsity}) => (sparsity === 0 ? '–' : percentText(sparsity)), isNumber: true},
  {
    heading: 'error',
    text: ({relativeError, heldOutRows}) => `${percentText(relativeError)}${heldOutRows === 0 ? '*' : ''}`,
    isNumber: true,
  },
];

const PACKED: Column<LayerReport> = {heading: 'bytes', text: ({bytes}) => countText(bytes), isNumber: true};

/** A compression in a few lines for the terminal. */
export function summaryLines(
  {report, bytesBefore, model, page, isPacked, isClassifier, seconds}: Outcome,
  {width, heading}: Output,
): string[] {
  const [headings, ...rows] = alignedTable(isPacked ? [...COLUMNS, PACKED] : COLUMNS, report.layers, width);
  const after = bytesOf(model);
  const {size, evaluation} = report;
  const ratio = after < bytesBefore ? `, ${(bytesBefore / after).toPrecision(3)} times smaller` : '';
  const bits = isPacked
    ? `; ${size.bitsPerWeight.toFixed(2)} bits for each of ${countText(size.compressedWeights)} weights, ` +
      'scales included'
    : '';
  const facts: Array<readonly [string, string]> = [
    ['size', `${bytesText(bytesBefore)} → ${bytesText(after)}${ratio}${bits}`],
    ...(evaluation ? [['quality', qualityText(evaluation, isClassifier)] as const] : []),
    ['saved', [...model, ...(page ? [page] : [])].map(({path, bytes}) => `${path} (${bytesText(bytes)})`).join(', ')],
    ['time', `${seconds.toFixed(1)} s`],
  ];
  return [
    heading(headings),
    ...rows,
    ...wrapText(errorNote(report), width),
    ...tooFewRows(report).flatMap((line) => wrapText(line, width, 2)),
    '',
    ...skipLines(report, 'left', width),
    ...facts.flatMap(([name, text]) => wrapText(`${name.padEnd(8)} ${text}`, width, 9)),
  ];
}

function errorNote({layers}: Report): string {
  const calibrated = layers.filter(({heldOutRows}) => heldOutRows === 0).length;
  const where = calibrated < layers.length ? ' that was held out' : '';
  return (
    'error: of what a layer puts out, on calibration ' +
    `data${where}${calibrated > 0 ? '; * on calibrated data: too little to hold any out' : ''}`
  );
}

/** Layers whose weights the calibration data does not determine. */
function tooFewRows({layers}: Report): string[] {
  const names = layers.filter(({calibrationRows, shape}) => calibrationRows < shape[0]).map(({name}) => name);
  return names.length > 0
    ? [`calibrated on fewer rows than features: ${names.join(', ')}; more samples make a better model`]
    : [];
}

/** Bytes of some files together. */
export function bytesOf(files: readonly SavedFile[]): number {
  return files.reduce((sum, {bytes}) => sum + bytes, 0);
}

/**
 * What was measured on evaluation data.
 * @param isClassifier whether there are answers that can be the same
 */
export function qualityText(
  {accuracyBefore, accuracyAfter, agreement, relativeError, samples}: NonNullable<Report['evaluation']>,
  isClassifier: boolean,
): string {
  const accuracy =
    accuracyBefore === undefined || accuracyAfter === undefined
      ? []
      : [`accuracy ${percentText(accuracyBefore)} → ${percentText(accuracyAfter)}`];
  const answers = isClassifier ? [`${percentText(agreement)} same answers`] : [];
  return [
    ...accuracy,
    ...answers,
    `output error ${percentText(relativeError)}`,
    `on ${countText(samples)} samples`,
  ].join(', ');
}
