import {type Pattern, sparsityOf} from '../../numerics/linalg/mask.ts';
import {diagonal, type Matrix} from '../../numerics/linalg/matrix.ts';
import {effectiveBits} from '../../numerics/stochastic/alphabet.ts';
import type {TaskRunner} from '../../numerics/task.ts';
import type {CompressedLayer} from '../../records.ts';
import type {LayerReport, PruningReport} from '../../report/layerReport.ts';
import {gzipLength, packedLayer} from '../../report/sizes.ts';
import type {FollowedPath} from '../../solver/followedPath.ts';
import {shiftFor, type VisitedProblem} from '../run/layerVisit.ts';
import {boundReport} from './boundReport.ts';
import {heldOutError, type Replacement} from './heldOutError.ts';

/** One problem of a layer, before and after. */
export interface ProblemOutcome extends Replacement {
  readonly problem: VisitedProblem;
  /** The path that was followed, if one was. */
  readonly path: FollowedPath | undefined;
}

/** What a stage knows beside the outcomes. */
export interface StageFindings {
  /** What earlier stages said. */
  readonly before: LayerReport | undefined;
  readonly milliseconds: number;
  readonly pruning?: Omit<PruningReport, 'pattern'> & {readonly pattern: Pattern};
  readonly choice?: string | undefined;
}

/**
 * The report of a layer, measured on rows that its statistics have not seen.
 * @param runner awaited within the products that this takes
 */
export async function measureLayer(
  layer: CompressedLayer,
  outcomes: readonly ProblemOutcome[],
  {before, milliseconds, pruning, choice}: StageFindings,
  runner: TaskRunner,
): Promise<LayerReport> {
  const [
    {
      problem: {weights, statistics},
    },
  ] = outcomes;
  const paths = outcomes.flatMap(({problem, path}) => (path ? [{problem, path}] : []));
  return {
    name: layer.name,
    className: layer.className,
    shape: [weights.rows, weights.columns],
    matrixCount: outcomes.length,
    weights: outcomes.reduce(
      (
        sum,
        {
          problem: {
            statistics: {lookups},
          },
        },
      ) => sum + (weights.rows - (lookups?.padding ?? 0)) * weights.columns,
      0,
    ),
    choice,
    pruning: pruning ? {...pruning, pattern: nameOf(pruning.pattern)} : before?.pruning,
    relativeError: await runner.run(heldOutError(outcomes)),
    heldOutRows: statistics.lookups?.heldOut ?? statistics.heldOut.original.rows,
    calibrationRows: statistics.rows,
    bound: paths.length > 0 ? await runner.run(boundReport(paths)) : undefined,
    clippedShare: paths.reduce((sum, {path}) => sum + path.clipped, 0) / (weights.data.length * outcomes.length),
    deadFeatures: outcomes.reduce(
      (
        sum,
        {
          problem: {
            gram,
            statistics: {lookups},
          },
        },
      ) => sum + (lookups?.unseen ?? diagonal(gram).filter((norm) => !(norm > 0)).length),
      0,
    ),
    alignmentError:
      paths.length > 0
        ? await runner.run(
            heldOutError(
              paths.map(({problem, path: {aligned}}) => ({
                problem,
                values: aligned,
                shift: shiftFor(problem, aligned),
              })),
            ),
          )
        : undefined,
    damping: paths.reduce<number | undefined>(
      (max, {path: {damping}}) => (damping === undefined ? max : Math.max(damping, max ?? 0)),
      undefined,
    ),
    correction: undefined,
    kernel: [...new Set(paths.map(({path}) => path.kernel))].join(', ') || 'none',
    milliseconds: milliseconds + (before?.milliseconds ?? 0),
    ...(await measureStorage(
      layer,
      outcomes.map(({values}) => values),
    )),
  };
}

/** What a layer's letters, zeros and bytes are, whatever became of its outputs. */
export async function measureStorage(
  layer: CompressedLayer,
  values: readonly Matrix[],
): Promise<
  Pick<LayerReport, 'levels' | 'effectiveBits' | 'granularity' | 'offset' | 'sparsity' | 'bytes' | 'gzipBytes'>
> {
  const packed = packedLayer(layer, values);
  const masks = layer.matrices.map(({mask}) => (mask ? sparsityOf(mask) : 0));
  return {
    ...(layer.kind === 'quantized'
      ? {
          levels: layer.alphabet.levels,
          effectiveBits: effectiveBits(layer.alphabet),
          granularity: layer.granularity,
          offset: layer.matrices.some(({scales}) => scales.offsets !== undefined),
        }
      : {levels: 2 ** 32, effectiveBits: 32, granularity: undefined, offset: false}),
    sparsity: masks.reduce((sum, share) => sum + share, 0) / masks.length,
    bytes: packed.byteLength,
    gzipBytes: await gzipLength(packed),
  };
}

function nameOf(pattern: Pattern): string {
  return pattern === 'unstructured' ? pattern : `${pattern.n}:${pattern.m}`;
}
