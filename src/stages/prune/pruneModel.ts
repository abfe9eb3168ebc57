import {ModelError} from '../../errors.ts';
import {solveOnSupport} from '../../numerics/linalg/conjugateGradients.ts';
import {applyMask, keepLargest, type Mask, type Pattern} from '../../numerics/linalg/mask.ts';
import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import type {Task} from '../../numerics/task.ts';
import {requirePathKernel} from '../../ops/followPath.ts';
import type {PrunedLayer} from '../../records.ts';
import type {CandidateReport} from '../../report/layerReport.ts';
import {type MaskName, type PrunePathOptions, type ScoredWeights, scoreWeights} from '../../solver/maskScores.ts';
import {heldOutError, type Replacement} from '../measure/heldOutError.ts';
import {measureLayer} from '../measure/measureLayer.ts';
import {outputError} from '../measure/outputError.ts';
import type {Compression} from '../run/compression.ts';
import {type LayerVisit, shiftFor, type VisitedProblem} from '../run/layerVisit.ts';
import type {StageContext} from '../run/stageContext.ts';
import {type LayerResult, visitLayers, type VisitOptions} from '../run/visitLayers.ts';
import {requirePattern} from './requirePattern.ts';

/** How to prune a model. */
export interface PruneModelOptions extends VisitOptions, Omit<PrunePathOptions, 'amount'> {
  /** What to prune of a layer. */
  readonly amountOf: (layer: string) => PrunePathOptions['amount'];
  readonly pattern: Pattern;
  /** The masks that compete in every layer. */
  readonly masks: readonly MaskName[];
  /** Steps of the least squares on the support; 0 leaves what the mask's method left. */
  readonly iterations: number;
  readonly damping: number;
}

/**
 * Prunes every layer of a model that has an adapter and passes the filter, along the layer walk. In each layer the masks compete:
 * the kept weights are solved anew on every one of them, and the one with the least error behind the layer's activation, on held-out rows, wins.
 * The compression that comes in stays as it was.
 * @throws DataError without calibration data, ModelError for a layer that cannot be pruned
 */
export async function pruneModel(
  compression: Compression,
  options: PruneModelOptions,
  context: StageContext,
): Promise<Compression> {
  if (options.strictKernels && options.masks.some((name) => name.endsWith('path'))) requirePathKernel();
  return visitLayers(compression, options, context, (visit) => pruneLayer(visit, options, context));
}

/** One mask of a layer and what became of the weights with it. */
interface PrunedWeights extends Replacement {
  readonly problem: VisitedProblem;
  readonly mask: Mask;
  readonly path: ScoredWeights['path'];
}

/** A layer pruned by one method, and its errors. */
interface Candidate {
  readonly weights: readonly PrunedWeights[];
  readonly errors: CandidateReport;
}

/**
 * Behind the activation counts; but none that is worse than magnitude before it. Magnitude is the choice without data:
 * an error that only relu forgives is not a better one.
 */
function pickBest(candidates: readonly Candidate[]): Candidate {
  const limit = candidates.find(({errors}) => errors.mask === 'magnitude')?.errors.relativeError ?? Infinity;
  return candidates
    .filter(({errors}) => errors.relativeError <= limit)
    .reduce((best, one) => (one.errors.outputError < best.errors.outputError ? one : best));
}

async function pruneLayer(visit: LayerVisit, options: PruneModelOptions, context: StageContext): Promise<LayerResult> {
  const begin = performance.now();
  const {
    target: {name, shadowLayer},
    before,
  } = visit;
  if (before?.kind === 'quantized') {
    throw new ModelError(
      `${context.stage}: layer '${name}': expected float weights, got letters; put ${context.stage} before the quantizing stage, or use spfqCompress`,
    );
  }
  requirePattern(context.stage, visit.target, options.pattern);
  const candidates: Candidate[] = [];
  for (const mask of options.masks) {
    const weights = await pruneWithMask(mask, visit, options, context);
    const relativeError = await context.run(heldOutError(weights));
    candidates.push({
      weights,
      errors: {mask, relativeError, outputError: await outputError(visit.target, weights, context)},
    });
  }
  const {
    weights,
    errors: {mask},
  } = pickBest(candidates);
  const pruned: PrunedLayer = {
    kind: 'pruned',
    name,
    className: shadowLayer.getClassName(),
    matrices: weights.map(({values: {rows, columns}, mask: kept}) => ({features: rows, neurons: columns, mask: kept})),
  };
  return {
    layer: pruned,
    report: await measureLayer(
      pruned,
      weights,
      {
        before: visit.reportBefore,
        milliseconds: performance.now() - begin,
        pruning: {pattern: options.pattern, mask, candidates: candidates.map(({errors}) => errors)},
      },
      context,
    ),
    values: weights.map(({values}) => values),
    shifts: weights.map(({shift}) => shift),
  };
}

async function pruneWithMask(
  name: MaskName,
  {target, problems}: LayerVisit,
  options: PruneModelOptions,
  context: StageContext,
): Promise<PrunedWeights[]> {
  const amount = options.amountOf(target.name);
  const scored: ScoredWeights[] = [];
  for (const [p, problem] of problems.entries()) {
    scored.push(await scoreWeights(name, problem, {layer: target.number, matrix: p}, {...options, amount}, context));
  }
  const masks =
    'threshold' in amount
      ? scored.map(({path, values, scores}) =>
          Uint8Array.from(path ? values.data : scores.data, (value) =>
            path ? Number(value !== 0) : Number(value > amount.threshold),
          ),
        )
      : masksOf(
          scored.map(({scores}) => scores),
          options.pattern,
          amount.sparsity,
        );
  const solved: PrunedWeights[] = [];
  for (const [p, problem] of problems.entries()) {
    const mask = masks[p].map((kept, i) => (problem.mask?.[i] === 0 ? 0 : kept)); // a stage that prunes less than the one before it revives nothing
    const values = await context.run(solveKept(problem, scored[p], mask, options));
    solved.push({problem, values, shift: shiftFor(problem, values), mask, path: scored[p].path});
  }
  return solved;
}

/** Problems of a layer are pruned together: sparsity is that of the layer. */
function masksOf(scores: readonly Matrix[], pattern: Pattern, sparsity: number): Mask[] {
  if (pattern !== 'unstructured') return scores.map((one) => keepLargest(one, pattern, sparsity));
  const all = matrix(
    1,
    scores.reduce((sum, {data}) => sum + data.length, 0),
  );
  let to = 0;
  for (const {data} of scores) {
    all.data.set(data, to);
    to += data.length;
  }
  const mask = keepLargest(all, pattern, sparsity);
  let from = 0;
  return scores.map(({data: {length}}) => mask.slice(from, (from += length)));
}

function* solveKept(
  {weights, gram, crossGram}: VisitedProblem,
  {values}: ScoredWeights,
  mask: Mask,
  {iterations, damping}: PruneModelOptions,
): Task<Matrix> {
  const solved =
    iterations === 0
      ? applyMask(values, mask)
      : yield* solveOnSupport(gram, yield* multiply(crossGram, weights), weights, mask, {iterations, damping});
  return {...solved, data: solved.data.map(Math.fround)};
}
