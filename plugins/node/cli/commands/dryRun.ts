import {dispose} from '@tensorflow/tfjs-core';
import {dryRun, type DryRunLayer, type DryRunOptions, type DryRunReport} from 'tfjs-compress';
import {inputShapeOf} from '../data/inputShapeOf.ts';
import {openInputs} from '../data/openInputs.ts';
import type {DiskInputs} from '../data/readingOptions.ts';
import type {LoadedModel} from '../files/loadModel.ts';
import {alignedTable, type Column} from '../output/alignedTable.ts';
import {noteInputs} from '../output/noteInputs.ts';
import {bytesText, countText, percentText} from '../output/numbers.ts';
import {type Output, wrapText} from '../output/output.ts';
import {skipLines} from '../output/skipLines.ts';
import type {CompressOptions} from './compressOptions.ts';
import {choicesOf} from './pipeline.ts';

/** Says which layers would be compressed, to what size, and in how much memory. */
export async function dryRunCommand(
  {model, file}: LoadedModel,
  options: CompressOptions,
  output: Output,
): Promise<void> {
  const {calibrate, samples = 4096, ...reading} = options;
  const inputs =
    calibrate === undefined ? undefined : await openInputs(calibrate, inputShapeOf(model), {...reading, samples});
  if (inputs) noteInputs('would calibrate on', inputs, output);
  const plan = dryRun(model, {
    ...choicesOf(options),
    samples: inputs?.count ?? samples,
    inputShapes: inputs
      ? [await shapeOf(inputs)]
      : model.inputs.map(({shape}) => openShape(shape.slice(1), options.size)),
  });
  output.document({
    model: file.name,
    ...(inputs && {calibration: {description: inputs.description, samples: inputs.count, skipped: inputs.skipped}}),
    ...plan.toJSON(),
  });
  output.print(planLines(plan, output));
  if (options.verbose) output.print(['', String(plan)]);
}

/** The shape of a sample, as it comes. */
async function shapeOf(inputs: DiskInputs): Promise<NonNullable<DryRunOptions['inputShapes']>[number]> {
  for await (const batch of inputs.read()) {
    dispose(batch);
    return batch.shape.slice(1);
  }
  return [];
}

/** Of inputs that are not there yet. */
function openShape(shape: ReadonlyArray<number | null>, size: readonly [number, number] = [128, 128]): number[] {
  return shape.map((length, axis) => length ?? (axis < 2 ? size[axis] : 128));
}

const COLUMNS: ReadonlyArray<Column<DryRunLayer>> = [
  {heading: 'layer', text: ({name}) => name},
  {heading: 'type', text: ({className}) => className},
  {heading: 'weights', text: ({weights}) => countText(weights), isNumber: true},
  {
    heading: 'bits',
    text: ({letters}) => (letters === undefined ? 'float' : Math.log2(letters).toFixed(2)),
    isNumber: true,
  },
  {heading: 'zeros', text: ({pruned, weights}) => (pruned === 0 ? '–' : percentText(pruned / weights)), isNumber: true},
  {heading: 'before', text: ({bytesBefore}) => bytesText(bytesBefore), isNumber: true},
  {heading: 'after', text: ({bytesAfter}) => bytesText(bytesAfter), isNumber: true},
  {heading: 'memory', text: ({tensors, statistics}) => bytesText(tensors + statistics), isNumber: true},
];

function planLines(plan: DryRunReport, {width, heading}: Output): string[] {
  const {size, peak, layers, stages, samples, inputShapes} = plan;
  const [headings, ...rows] = alignedTable(COLUMNS, layers, width);
  const ratio = size.bytesBefore / size.bytesAfter;
  return [
    '',
    heading(headings),
    ...rows,
    '',
    ...skipLines(plan, 'would leave', width),
    ...wrapText(
      `stages   ${stages.join(' → ')}, on ${countText(samples)} samples of ` +
        inputShapes.map((shape) => shape.join('×')).join(' and '),
      width,
      9,
    ),
    ...wrapText(
      `size     ${bytesText(size.bytesBefore)} → ${bytesText(size.bytesAfter)} packed, ${ratio.toPrecision(3)} ` +
        `times smaller; ${size.bitsPerWeight.toFixed(2)} bits for each ` +
        `of ${countText(size.compressedWeights)} weights, scales included`,
      width,
      9,
    ),
    ...wrapText(
      `memory   about ${bytesText(peak.tensors)} of tensors and ${bytesText(peak.statistics)} of statistics`,
      width,
      9,
    ),
    '',
    'Nothing was computed or written: this was a dry run.',
  ];
}
