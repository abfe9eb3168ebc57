import type {LayerReport} from './layerReport.ts';
import {packingLines} from './packingReport.ts';
import type {ReportData} from './reportRecords.ts';

/** The columns of the layer table: heading and text of a layer. */
const COLUMNS: ReadonlyArray<readonly [string, (layer: LayerReport) => string]> = [
  ['layer', (layer) => layer.name],
  ['type', (layer) => layer.className],
  ['shape', ({shape, matrixCount}) => `${matrixCount > 1 ? `${matrixCount} × ` : ''}${shape[0]} × ${shape[1]}`],
  ['letters', ({levels}) => (levels === 2 ** 32 ? 'float32' : String(levels))],
  ['bits', (layer) => layer.effectiveBits.toFixed(2)],
  [
    'pruned',
    ({sparsity, pruning}) =>
      sparsity === 0
        ? '–'
        : `${percent(sparsity)}${pruning && pruning.pattern !== 'unstructured' ? ` ${pruning.pattern}` : ''}`,
  ],
  ['scale', ({granularity, offset}) => `${scaleText(granularity)}${offset ? ' + offset' : ''}`],
  ['error', (layer) => `${percent(layer.relativeError)}${layer.heldOutRows === 0 ? '*' : ''}`],
  [
    'measured / bound',
    ({bound}) =>
      bound ? `${short(bound.measured)} / ${bound.applies ? short(bound.limit) : `(${short(bound.limit)})`}` : '–',
  ],
  ['clipped', (layer) => percent(layer.clippedShare)],
  ['dead', (layer) => String(layer.deadFeatures)],
  ['rows', ({calibrationRows, shape}) => `${calibrationRows}${calibrationRows < shape[0] ? '!' : ''}`],
  ['kernel', (layer) => layer.kernel],
  ['ms', (layer) => layer.milliseconds.toFixed(0)],
];

/** A report as text: one line for each layer, then the totals and what needs saying. */
export function reportTable({layers, skipped, size, evaluation, packing, stages, milliseconds}: ReportData): string {
  const lines = [`stages: ${stages.join(' → ') || 'none'}, ${(milliseconds / 1000).toFixed(1)} s`];
  if (layers.length > 0)
    lines.push(
      ...aligned([
        COLUMNS.map(([heading]) => heading),
        ...layers.map((layer) => COLUMNS.map(([, text]) => text(layer))),
      ]),
    );
  lines.push(...notes(layers));
  lines.push(...layers.flatMap(layerNotes));
  lines.push(...skippedLines(skipped));
  lines.push(
    `weights: ${size.compressedWeights} of ${size.parameters} at ${size.bitsPerWeight.toFixed(2)} bits with scales; ` +
      `bytes: ${size.bytesBefore} → ${size.bytesAfter} packed, ${size.gzipBytesAfter} gzipped`,
  );
  if (packing) lines.push(...packingLines(packing));
  if (evaluation) lines.push(evaluationLine(evaluation));
  return lines.join('\n');
}

function notes(layers: readonly LayerReport[]): string[] {
  const lines: string[] = [];
  if (layers.some(({heldOutRows}) => heldOutRows === 0))
    lines.push('* on calibrated rows: too few samples to hold any back');
  if (layers.some(({calibrationRows, shape}) => calibrationRows < shape[0]))
    lines.push('! fewer calibration rows than features: calibrate on more samples');
  if (layers.some(({bound}) => bound?.applies === false)) {
    lines.push(
      '(bound) does not apply: it holds with probability 0.99 for stochastic rounding along the path without clipped steps',
    );
  }
  return lines;
}

/** What stages found out about a layer, a line each. */
function layerNotes({name, pruning, correction, damping, choice}: LayerReport): string[] {
  const lines: string[] = [];
  if (pruning)
    lines.push(
      `${name}: mask by ${pruning.mask}; error, and behind the activation: ${pruning.candidates.map(({mask, relativeError, outputError}) => `${percent(relativeError)}, ${percent(outputError)} by ${mask}`).join('; ')}`,
    );
  if (choice !== undefined) lines.push(`${name}: ${choice}`);
  if (damping !== undefined) lines.push(`${name}: damping ${short(damping)}`);
  if (correction)
    lines.push(
      `${name}: correction ${correction.kept ? 'kept' : 'not kept'}, error ${percent(correction.before)} → ${percent(correction.after)}`,
    );
  return lines;
}

/** Layers as they are, one line for each reason; stages that give the same one share it. */
function skippedLines(skipped: ReportData['skipped']): string[] {
  const stages = new Map<string, Set<string>>();
  for (const {stage, name, className, reason} of skipped) {
    const line = `left ${name} (${className}) as it is: ${reason}`;
    stages.set(line, (stages.get(line) ?? new Set()).add(stage));
  }
  return Array.from(stages, ([line, by]) => `${[...by].join(', ')} ${line}`);
}

function scaleText(granularity: LayerReport['granularity']): string {
  if (granularity === undefined) return '–';
  return typeof granularity === 'string' ? granularity : `group ${granularity.group}`;
}

function evaluationLine({
  accuracyBefore,
  accuracyAfter,
  agreement,
  relativeError,
  samples,
}: NonNullable<ReportData['evaluation']>): string {
  const accuracy =
    accuracyBefore === undefined || accuracyAfter === undefined
      ? ''
      : `accuracy: ${percent(accuracyBefore)} → ${percent(accuracyAfter)}, `;
  return `${accuracy}agreement: ${percent(agreement)}, output error: ${percent(relativeError)}, on ${samples} samples`;
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function short(value: number): string {
  return value === 0 ? '0' : value.toPrecision(3);
}
