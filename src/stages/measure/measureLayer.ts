import {type Pattern, sparsityOf} from '../../numerics/linalg/mask.ts';
import {diagonal, type Matrix} from '../../numerics/linalg/matrix.ts';
import {effectiveBits} from '../../numerics/stochastic/alphabet.ts';
import type {TaskRunner} from '../../numerics/task.ts';
import type {CompressedLayer} from '../../records.ts';
import type {LayerReport, PruningReport} from '../../report/layerReport.ts';
import {gzipLength, packedLayer} from '../../report/sizes.ts';
import type {FollowedPath} from '../../solver/followedPath.ts';
import {shiftFor, type VisitedProblem} from '../run/layerVisit.ts';
import {boundReport, type ProblemPath} from './boundReport.ts';
import {heldOutError, type Replacement} from './heldOutError.ts';

/** One problem of a layer, before and after. */
export interface ProblemOutcome extends Replacement {
  readonly problem: VisitedProblem;
  /** The path that was followed, if one was. */
  readonly path: FollowedPath | undefined;
}

/** What a stage reports in addition to the measured outcomes. */
export interface StageFindings {
  /** The report of earlier stages. */
  readonly before: LayerReport | undefined;
  readonly milliseconds: number;
  readonly pruning?: Omit<PruningReport, 'pattern'> & {readonly pattern: Pattern};
  readonly choice?: string | undefined;
}

/**
 * The report of a layer, measured on held-out rows.
 * @param runner runs the products of the measurement
 */
export async function measureLayer(
  layer: CompressedLayer,
  outcomes: readonly ProblemOutcome[],
  {before, milliseconds, pruning, choice}: StageFindings,
  runner: TaskRunner,
): Promise<LayerReport> {
  const [{problem}] = outcomes;
  const {weights, statistics} = problem;
  const paths = outcomes.flatMap(({problem: visited, path}) => (path ? [{problem: visited, path}] : []));
  return {
    name: layer.name,
    className: layer.className,
    shape: [weights.rows, weights.columns],
    matrixCount: outcomes.length,
    weights: sumOf(outcomes, countWeights),
    choice,
    pruning: pruning ? {...pruning, pattern: patternText(pruning.pattern)} : before?.pruning,
    relativeError: await runner.run(heldOutError(outcomes)),
    heldOutRows: statistics.lookups?.heldOut ?? statistics.heldOut.original.rows,
    calibrationRows: statistics.rows,
    deadFeatures: sumOf(outcomes, countDeadFeatures),
    ...(await measurePaths(paths, runner)),
    clippedShare: sumOf(paths, ({path}) => path.clipped) / (weights.data.length * outcomes.length),
    correction: undefined,
    milliseconds: milliseconds + (before?.milliseconds ?? 0),
    ...(await measureStorage(
      layer,
      outcomes.map(({values}) => values),
    )),
  };
}

/** The letters of a layer, its share of zeros, and its bytes: what does not depend on the outputs. */
export async function measureStorage(
  layer: CompressedLayer,
  values: readonly Matrix[],
): Promise<
  Pick<LayerReport, 'levels' | 'effectiveBits' | 'granularity' | 'offset' | 'sparsity' | 'bytes' | 'gzipBytes'>
> {
  const packed = packedLayer(layer, values);
  const masks = layer.matrices.map(({mask}) => mask);
  return {
    ...describeLetters(layer),
    sparsity: sumOf(masks, (mask) => (mask ? sparsityOf(mask) : 0)) / masks.length,
    bytes: packed.byteLength,
    gzipBytes: await gzipLength(packed),
  };
}

function describeLetters(
  layer: CompressedLayer,
): Pick<LayerReport, 'levels' | 'effectiveBits' | 'granularity' | 'offset'> {
  if (layer.kind === 'pruned') return {levels: 2 ** 32, effectiveBits: 32, granularity: undefined, offset: false};
  return {
    levels: layer.alphabet.levels,
    effectiveBits: effectiveBits(layer.alphabet),
    granularity: layer.granularity,
    offset: layer.matrices.some(({scales}) => scales.offsets !== undefined),
  };
}

async function measurePaths(
  paths: readonly ProblemPath[],
  runner: TaskRunner,
): Promise<Pick<LayerReport, 'bound' | 'alignmentError' | 'damping' | 'kernel'>> {
  if (paths.length === 0) return {bound: undefined, alignmentError: undefined, damping: undefined, kernel: 'none'};
  const dampings = paths.flatMap(({path: {damping}}) => (damping === undefined ? [] : [damping]));
  return {
    bound: await runner.run(boundReport(paths)),
    alignmentError: await runner.run(heldOutError(paths.map(replaceByAligned))),
    damping: dampings.length > 0 ? Math.max(...dampings) : undefined,
    kernel: [...new Set(paths.map(({path}) => path.kernel))].join(', '),
  };
}

/** W̃ in place of W, as if alignment were all that was done. */
function replaceByAligned({problem, path: {aligned}}: ProblemPath): Replacement {
  return {problem, values: aligned, shift: shiftFor(problem, aligned)};
}

/** The weights of a problem, without the padding of an embedding's last group. */
function countWeights({problem: {weights, statistics}}: ProblemOutcome): number {
  return (weights.rows - (statistics.lookups?.padding ?? 0)) * weights.columns;
}

function countDeadFeatures({problem: {gram, statistics}}: ProblemOutcome): number {
  return statistics.lookups?.unseen ?? diagonal(gram).filter((norm) => !(norm > 0)).length;
}

function sumOf<Item>(items: readonly Item[], numberOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0);
}

function patternText(pattern: Pattern): string {
  return pattern === 'unstructured' ? pattern : `${pattern.n}:${pattern.m}`;
}
