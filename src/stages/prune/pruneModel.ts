import {ModelError} from '../../errors.ts';
import {concatenate} from '../../numerics/concatenate.ts';
import {keepLargest, type Mask, type Pattern} from '../../numerics/linalg/mask.ts';
import {matrix} from '../../numerics/linalg/matrix.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import {requirePathKernel} from '../../ops/followPath.ts';
import type {PrunedLayer} from '../../records.ts';
import type {CandidateReport} from '../../report/layerReport.ts';
import {type MaskName, type PrunePathOptions, type ScoredWeights, scoreWeights} from '../../solver/maskScores.ts';
import {roundToFloat32, solveKept} from '../../solver/solveKept.ts';
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
  /** Conjugate-gradient steps of the least squares on the support; 0 leaves the kept weights of the mask's method. */
  readonly iterations: number;
  readonly damping: number;
}

/**
 * Prunes every layer of a model that has an adapter and passes the filter, along the layer walk. In each layer the
 * masks compete: the kept weights are solved anew on every mask, and {@link pickBest} chooses the winner. The given
 * compression stays as it was.
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

/** A mask of one problem, and its weights with that mask. */
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

async function pruneLayer(visit: LayerVisit, options: PruneModelOptions, context: StageContext): Promise<LayerResult> {
  const begin = performance.now();
  requirePrunable(visit, options, context.stage);
  const candidates: Candidate[] = [];
  for (const mask of options.masks) candidates.push(await tryMask(mask, visit, options, context));
  const {weights, errors} = pickBest(candidates);
  const layer: PrunedLayer = {
    kind: 'pruned',
    name: visit.target.name,
    className: visit.target.shadowLayer.getClassName(),
    matrices: weights.map(({values: {rows, columns}, mask}) => ({features: rows, neurons: columns, mask})),
  };
  const findings = {
    before: visit.reportBefore,
    milliseconds: performance.now() - begin,
    pruning: {pattern: options.pattern, mask: errors.mask, candidates: candidates.map((one) => one.errors)},
  };
  return {
    layer,
    report: await measureLayer(layer, weights, findings, context),
    values: weights.map(({values}) => values),
    shifts: weights.map(({shift}) => shift),
  };
}

function requirePrunable({target, before}: LayerVisit, {pattern}: PruneModelOptions, stage: string): void {
  if (before?.kind === 'quantized') {
    throw new ModelError(
      `${stage}: layer '${target.name}': expected float weights, got letters; ` +
        `put ${stage} before the quantizing stage, or use spfqCompress`,
    );
  }
  requirePattern(stage, target, pattern);
}

/**
 * Candidates are ranked by error after the activation. One whose error before it exceeds that of magnitude pruning,
 * which needs no data, is rejected: an error that only a relu hides is no smaller error.
 */
function pickBest(candidates: readonly Candidate[]): Candidate {
  const limit = candidates.find(({errors}) => errors.mask === 'magnitude')?.errors.relativeError ?? Infinity;
  return candidates
    .filter(({errors}) => errors.relativeError <= limit)
    .reduce((best, one) => (one.errors.outputError < best.errors.outputError ? one : best));
}

async function tryMask(
  mask: MaskName,
  visit: LayerVisit,
  options: PruneModelOptions,
  context: StageContext,
): Promise<Candidate> {
  const weights = await pruneWithMask(mask, visit, options, context);
  const relativeError = await context.run(heldOutError(weights));
  return {weights, errors: {mask, relativeError, outputError: await outputError(visit.target, weights, context)}};
}

async function pruneWithMask(
  name: MaskName,
  {target, problems}: LayerVisit,
  options: PruneModelOptions,
  context: StageContext,
): Promise<PrunedWeights[]> {
  const {iterations, pattern} = options;
  const amount = options.amountOf(target.name);
  const scored: ScoredWeights[] = [];
  for (const [p, problem] of problems.entries()) {
    scored.push(await scoreWeights(name, problem, {layer: target.number, matrix: p}, {...options, amount}, context));
  }
  const masks = masksFor(amount, scored, pattern);
  const solved: PrunedWeights[] = [];
  for (const [p, problem] of problems.entries()) {
    const {weights, gram, crossGram} = problem;
    // Weights that an earlier stage pruned stay 0, even if this stage prunes fewer.
    const mask = masks[p].map((kept, i) => (problem.mask?.[i] === 0 ? 0 : kept));
    const start = iterations === 0 ? scored[p].values : weights;
    const kept = await context.run(solveKept({gram, target: multiply(crossGram, weights), start, mask}, options));
    const values = roundToFloat32(kept);
    solved.push({problem, values, shift: shiftFor(problem, values), mask, path: scored[p].path});
  }
  return solved;
}

/** The masks of the problems of a layer: the weights above a threshold, or the best of a share of them. */
function masksFor(amount: PrunePathOptions['amount'], scored: readonly ScoredWeights[], pattern: Pattern): Mask[] {
  if ('threshold' in amount) return scored.map((one) => maskAbove(amount.threshold, one));
  return pattern === 'unstructured'
    ? keepLargestOfAll(scored, amount.sparsity)
    : scored.map(({scores}) => keepLargest(scores, pattern, amount.sparsity));
}

/** A path has compared its weights with the threshold already: those that it pruned are 0. */
function maskAbove(threshold: number, {path, values, scores}: ScoredWeights): Mask {
  return path
    ? Uint8Array.from(values.data, (value) => Number(value !== 0))
    : Uint8Array.from(scores.data, (score) => Number(score > threshold));
}

/** The problems of a layer compete with each other: the sparsity is that of the whole layer. */
function keepLargestOfAll(scored: readonly ScoredWeights[], sparsity: number): Mask[] {
  const all = concatenate(
    scored.map(({scores}) => scores.data),
    Float64Array,
  );
  const mask = keepLargest(matrix(1, all.length, all), 'unstructured', sparsity);
  let from = 0;
  return scored.map(({scores: {data}}) => mask.slice(from, (from += data.length)));
}
