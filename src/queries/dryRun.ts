import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DEFAULT_READING} from '../data/batchSource.ts';
import {OptionError} from '../errors.ts';
import type {Granularity} from '../numerics/scales/scales.ts';
import type {Bits} from '../numerics/stochastic/alphabet.ts';
import type {LayerSelection} from '../operators/layerSelection.ts';
import {prunePlan} from '../operators/pruneOptions.ts';
import type {PatternOption} from '../operators/pruneRules.ts';
import {quantizePlan} from '../operators/quantizeOptions.ts';
import {integer, memoryRule, type OptionRules, requireObject, resolveOptions} from '../options.ts';
import type {DryRunReport} from '../report/dryRunReport.ts';
import {dryRunModel, type PlannedLetters, type PlannedPruning} from '../stages/dryRun/dryRunModel.ts';
import {requireCompressible} from '../stages/run/compression.ts';

/** Options of {@link dryRun}: those that the stages would be given. */
export interface DryRunOptions {
  /**
   * Bits per weight, as in `spfqQuantize`. Default 4, or none where only `sparsity` or `pattern` is given: then weights
   * are only pruned.
   */
  readonly bits?: Bits;
  /** The share of weights that become 0 first, as in `spfqPrune`. Default: no pruning. */
  readonly sparsity?: number;
  /** Where zeros may lie, as in `spfqPrune`; a pattern n:m implies pruning. */
  readonly pattern?: PatternOption;
  /** Which weights share a scale. Default `'channel'`. */
  readonly granularity?: Granularity;
  /** Only these layers, as in the stages. */
  readonly include?: LayerSelection;
  /** Not these layers, as in the stages. */
  readonly exclude?: LayerSelection;
  /** The number of samples that would be read. Default 4,096. */
  readonly samples?: number;
  /** The number of samples that go through the networks together. Default 32. */
  readonly batchSize?: number;
  /** The largest number of rows that a layer takes from all samples. Default 32,768. */
  readonly rows?: number;
  /** The most bytes that live activations may take between layers. Default 512 MiB. */
  readonly memory?: number;
  /**
   * The shape of one sample of each input, without the batch. Default: the shape of the model's input, with 128 where
   * it leaves an axis open.
   */
  readonly inputShapes?: ReadonlyArray<readonly number[]>;
}

type Reading = Required<Pick<DryRunOptions, 'samples' | 'batchSize' | 'rows' | 'memory'>>;

const OPEN_AXIS = 128;

const RULES: OptionRules<Reading & {inputShapes: DryRunOptions['inputShapes']}> = {
  samples: integer(DEFAULT_READING.samples, 1),
  batchSize: integer(DEFAULT_READING.batchSize, 1),
  rows: integer(DEFAULT_READING.rows, 1),
  memory: memoryRule,
  inputShapes: {
    fallback: undefined,
    expected: 'a list of shapes, one for each input, without the batch',
    accepts: (value) => Array.isArray(value) && value.every(isShape),
  },
};

/**
 * Predicts the result of `spfqPrune`, if `sparsity` or `pattern` is given, and of `spfqQuantize`, if `bits` is given or
 * neither of them is: for every layer the letters that it would have or why it would be skipped, its bytes once packed,
 * and the memory that it takes. It needs no data, runs nothing and allocates nothing, however large the model is.
 *
 * ```ts
 * console.log(String(dryRun(model, {bits: 2, samples: 2048})));
 * ```
 * Bytes after compression are exactly those of `report.size`; only a tiny layer's unstructured mask may happen to be
 * shorter. Peaks are estimates of `tf.memory().numBytes`: the model with the copies that stages make, the activations
 * that the walk keeps, those of the current batch, and the statistics. Data in memory as tensors comes in addition, and
 * so does the memory of `correct`, `evaluate` and `pack`.
 * @param options see {@link DryRunOptions}
 * @throws OptionError for an option that is unknown or out of range; ModelError where the stages would
 */
export function dryRun(model: LayersModel, options: DryRunOptions = {}): DryRunReport {
  const where = 'dryRun';
  requireObject(where, options);
  requireCompressible(where, model);
  const {bits, sparsity, pattern, granularity, include, exclude, ...rest} = options;
  const {inputShapes, ...reading} = resolveOptions(where, rest, RULES, [
    'bits',
    'sparsity',
    'pattern',
    'granularity',
    'include',
    'exclude',
  ]);
  const chosen = {...(include !== undefined && {include}), ...(exclude !== undefined && {exclude})};
  const prunes = sparsity !== undefined || pattern !== undefined;
  return dryRunModel(model, {
    ...reading,
    inputShapes: inputShapesOf(where, model, inputShapes),
    pruning: prunes
      ? pruningOf(where, {
          ...chosen,
          ...(sparsity !== undefined && {sparsity}),
          ...(pattern !== undefined && {pattern}),
        })
      : undefined,
    letters:
      prunes && bits === undefined
        ? undefined
        : lettersOf(where, {
            ...chosen,
            ...(bits !== undefined && {bits}),
            ...(granularity !== undefined && {granularity}),
          }),
  });
}

function pruningOf(where: string, options: Parameters<typeof prunePlan>[1]): PlannedPruning {
  const {filter, names, pattern, amountOf} = prunePlan(where, options);
  const amount = amountOf('');
  return {stage: 'spfqPrune', filter, names, pattern, sparsity: 'sparsity' in amount ? amount.sparsity : 0};
}

function lettersOf(where: string, options: Parameters<typeof quantizePlan>[1]): PlannedLetters {
  const {method, walk} = quantizePlan(where, options);
  const {alphabet, granularity, refinement} = method;
  return {
    stage: 'spfqQuantize',
    filter: walk.filter,
    names: walk.names,
    alphabet,
    granularity,
    offset: refinement.offset,
  };
}

function inputShapesOf(
  where: string,
  {inputs, inputNames}: LayersModel,
  given: DryRunOptions['inputShapes'],
): ReadonlyArray<readonly number[]> {
  const wanted = inputs.map(({shape}) => shape.slice(1));
  if (given === undefined) return wanted.map((shape) => shape.map((length) => length ?? OPEN_AXIS));
  const fit =
    given.length === wanted.length &&
    given.every(
      (shape, i) =>
        shape.length === wanted[i].length && shape.every((length, axis) => length === (wanted[i][axis] ?? length)),
    );
  if (fit) return given;
  const shapes = wanted.map((shape, i) => `${inputNames[i]} [${shape.map((length) => length ?? 'any').join(', ')}]`);
  throw new OptionError(where, 'inputShapes', `one shape for each input: ${shapes.join(', ')}`, given);
}

function isShape(value: unknown): boolean {
  return Array.isArray(value) && value.every((length) => Number.isInteger(length) && Number(length) >= 1);
}
