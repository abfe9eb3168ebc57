import type {LayerReport} from './layerReport.ts';
import {percentText, shortText} from './numberText.ts';
import {packingLines} from './packingReport.ts';
import type {ReportData} from './reportRecords.ts';
import {type Column, textTable} from './textTable.ts';

/** The columns of the layer table. */
const COLUMNS: ReadonlyArray<Column<LayerReport>> = [
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
        : `${percentText(sparsity)}${pruning && pruning.pattern !== 'unstructured' ? ` ${pruning.pattern}` : ''}`,
  ],
  ['scale', ({granularity, offset}) => `${scaleText(granularity)}${offset ? ' + offset' : ''}`],
  ['error', (layer) => `${percentText(layer.relativeError)}${layer.heldOutRows === 0 ? '*' : ''}`],
  [
    'measured / bound',
    ({bound}) =>
      bound
        ? `${shortText(bound.measured)} / ${bound.applies ? shortText(bound.limit) : `(${shortText(bound.limit)})`}`
        : '–',
  ],
  ['clipped', (layer) => percentText(layer.clippedShare)],
  ['dead', (layer) => String(layer.deadFeatures)],
  ['rows', ({calibrationRows, shape}) => `${calibrationRows}${calibrationRows < shape[0] ? '!' : ''}`],
  ['kernel', (layer) => layer.kernel],
  ['ms', (layer) => layer.milliseconds.toFixed(0)],
];

/** A report as text: one line for each layer, then notes and totals. */
export function reportTable({layers, skipped, size, evaluation, packing, stages, milliseconds}: ReportData): string {
  const lines = [`stages: ${stages.join(' → ') || 'none'}, ${(milliseconds / 1000).toFixed(1)} s`];
  if (layers.length > 0) lines.push(...textTable(COLUMNS, layers));
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
    lines.push('* on calibrated rows: too few samples to hold any out');
  if (layers.some(({calibrationRows, shape}) => calibrationRows < shape[0]))
    lines.push('! fewer calibration rows than features: calibrate on more samples');
  if (layers.some(({bound}) => bound?.applies === false))
    lines.push(
      '(bound) does not apply: it holds with probability 0.99 for stochastic rounding ' +
        'along the path without clipped steps',
    );
  return lines;
}

/** The findings of the stages about a layer, one line each. */
function layerNotes({name, pruning, correction, damping, choice}: LayerReport): string[] {
  const lines: string[] = [];
  if (pruning) {
    const candidates = pruning.candidates.map(
      ({mask, relativeError, outputError}) => `${percentText(relativeError)}, ${percentText(outputError)} by ${mask}`,
    );
    lines.push(`${name}: mask by ${pruning.mask}; error, and after the activation: ${candidates.join('; ')}`);
  }
  if (choice !== undefined) lines.push(`${name}: ${choice}`);
  if (damping !== undefined) lines.push(`${name}: damping ${shortText(damping)}`);
  if (correction) {
    const {before, after, kept} = correction;
    lines.push(
      `${name}: correction ${kept ? 'kept' : 'not kept'}, error ${percentText(before)} → ${percentText(after)}`,
    );
  }
  return lines;
}

/** Layers that were skipped, one line for each layer and reason; stages with the same reason share a line. */
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
      : `accuracy: ${percentText(accuracyBefore)} → ${percentText(accuracyAfter)}, `;
  const [same, error] = [percentText(agreement), percentText(relativeError)];
  return `${accuracy}agreement: ${same}, output error: ${error}, on ${samples} samples`;
}
