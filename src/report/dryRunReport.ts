import type {StagedSkip} from './reportRecords.ts';
import {type Column, textTable} from './textTable.ts';

/** The effect that the stages would have on a layer. */
export interface DryRunLayer {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** `[features, neurons]` of its weight matrix. */
  readonly shape: readonly [number, number];
  /** The number of such matrices: one, or one per channel. */
  readonly matrixCount: number;
  /** Weights in all of them. */
  readonly weights: number;
  /** Letters of its alphabet; undefined if it would keep float32 weights. */
  readonly letters: number | undefined;
  /** The number of weights that would become 0. */
  readonly pruned: number;
  /** Why none would, if a pruning stage would leave the layer dense. */
  readonly keepDenseReason: string | undefined;
  /** Bytes of its weights as float32. */
  readonly bytesBefore: number;
  /** Bytes of its weights packed: codes, scales and mask. */
  readonly bytesAfter: number;
  /**
   * Bytes of H and G with their sums of rows, in float64, when all rows have been added: plain memory, held for one
   * layer at a time.
   */
  readonly statistics: number;
  /** Bytes of the activations, of all samples, that the walk keeps while it visits the layer. */
  readonly activations: number;
  /** Bytes of all tensors at the widest moment of the walk through the layer. */
  readonly tensors: number;
}

/** The memory that the stages would take, and the sizes they would reach. */
export interface DryRunData {
  /** The stages of the dry run, in order. */
  readonly stages: readonly string[];
  /** The input shapes of one sample, for which memory was estimated. */
  readonly inputShapes: ReadonlyArray<readonly number[]>;
  /** The number of calibration samples. */
  readonly samples: number;
  /** Layers that would be compressed, in the order of the walk. */
  readonly layers: readonly DryRunLayer[];
  /** Layers with weights that a stage would not compress, each with the reason. */
  readonly skipped: readonly StagedSkip[];
  /** Sizes before and after, as in the report of the stages. */
  readonly size: {
    /** Weights in layers that would be compressed. */
    readonly compressedWeights: number;
    /** All parameters of the model. */
    readonly parameters: number;
    /** Packed bits per compressed weight, scales included. */
    readonly bitsPerWeight: number;
    /** Bytes of all parameters as float32. */
    readonly bytesBefore: number;
    /** Bytes with compressed layers packed, the rest as float32. */
    readonly bytesAfter: number;
  };
  /** The largest amounts of memory held at once. */
  readonly peak: {
    /** Bytes of all tensors: the model, its copies, and the tensors of the walk at its widest layer. */
    readonly tensors: number;
    /** Bytes of the models among them. */
    readonly models: number;
    /** Bytes of H and G of the layer with the most features, in plain memory; solving takes a few times as much. */
    readonly statistics: number;
  };
}

/** A dry run, to print or to store. */
export interface DryRunReport extends DryRunData {
  /** Plain data for JSON.stringify. */
  toJSON(): DryRunData;
  /** The report as a plain-text table. */
  toString(): string;
}

/** A report from its data. */
export function dryRunReport(data: DryRunData): DryRunReport {
  return {...data, toJSON: () => data, toString: () => dryRunTable(data)};
}

const COLUMNS: ReadonlyArray<Column<DryRunLayer>> = [
  ['layer', ({name}) => name],
  ['type', ({className}) => className],
  ['shape', ({shape, matrixCount}) => `${matrixCount > 1 ? `${matrixCount} × ` : ''}${shape[0]} × ${shape[1]}`],
  ['letters', ({letters}) => (letters === undefined ? 'float32' : String(letters))],
  ['pruned', ({pruned, weights}) => (pruned === 0 ? '–' : `${((100 * pruned) / weights).toFixed(1)} %`)],
  ['before', ({bytesBefore}) => sizeText(bytesBefore)],
  ['packed', ({bytesAfter}) => sizeText(bytesAfter)],
  ['H and G', ({statistics}) => sizeText(statistics)],
  ['activations', ({activations}) => sizeText(activations)],
  ['tensors', ({tensors}) => sizeText(tensors)],
];

function dryRunTable({stages, inputShapes, samples, layers, skipped, size, peak}: DryRunData): string {
  const shapes = inputShapes.map((shape) => shape.join('×')).join(' and ');
  return [
    `dry run: ${stages.join(' → ')}, ${samples} samples of ${shapes}`,
    ...textTable(COLUMNS, layers),
    ...layers.flatMap(({name, keepDenseReason}) =>
      keepDenseReason === undefined ? [] : [`${name} would not be pruned: ${keepDenseReason}`],
    ),
    ...skipped.map(
      ({stage, name, className, reason}) => `${stage} would leave ${name} (${className}) as it is: ${reason}`,
    ),
    `weights: ${size.compressedWeights} of ${size.parameters} at ${size.bitsPerWeight.toFixed(2)} bits with scales; ` +
      `bytes: ${size.bytesBefore} → ${size.bytesAfter} packed`,
    `memory: about ${sizeText(peak.tensors)} of tensors, ${sizeText(peak.models)} of them the model and its copies; ` +
      `${sizeText(peak.statistics)} for H and G`,
  ].join('\n');
}

function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const rounded = Number(bytes.toPrecision(3)); // before the unit is chosen: 999,999 bytes are 1.00 MB
  const power = rounded < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(rounded) / 3));
  return `${power === 0 ? bytes : (rounded / 1000 ** power).toPrecision(3)} ${units[power]}`;
}
