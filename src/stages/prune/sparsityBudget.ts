import {allocate, type AllocationOption} from '../../numerics/allocation.ts';
import {keepLargest} from '../../numerics/linalg/mask.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import type {Task} from '../../numerics/task.ts';
import {magnitudes} from '../../solver/maskScores.ts';
import {type KeptOptions, solveKept} from '../../solver/solveKept.ts';
import {
  type LayerSensitivity,
  type LayerTrial,
  measureSensitivities,
  passContext,
  weightedErrors,
} from '../measure/sensitivity.ts';
import type {Compression} from '../run/compression.ts';
import {type LayerVisit, shiftFor, type VisitedProblem} from '../run/layerVisit.ts';
import type {StageContext} from '../run/stageContext.ts';
import {pruneModel, type PruneModelOptions} from './pruneModel.ts';

/** Factors of the odds of keeping a weight, relative to those of the whole model: what is tried on each layer. */
const ODDS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];
/** Conjugate-gradient steps of a trial: enough to compare sparsities. */
const TRIAL_ITERATIONS = 6;

/** How to prune a model as a whole. */
export interface ModelSparsityOptions extends Omit<PruneModelOptions, 'amountOf' | 'pattern'> {
  /** The share of zeros in all pruned layers together. */
  readonly sparsity: number;
}

/**
 * Prunes a model with sparsities that differ by layer. All layers together lose the given share of weights, exact to
 * one weight; it is distributed so that Σ κ_l e_l² is small. e_l is the relative error of layer l alone, measured at
 * several sparsities with its largest weights solved anew; κ_l is the output sensitivity
 * ({@link measureSensitivities}, {@link allocate}).
 * @throws DataError without calibration data, ModelError for a layer that cannot be pruned
 */
export async function pruneToModelSparsity(
  compression: Compression,
  options: ModelSparsityOptions,
  context: StageContext,
): Promise<Compression> {
  const {sparsity, ...others} = options;
  const sizes = new Map<string, LayerSize>();
  const {layers} = await measureSensitivities(
    compression,
    {
      ...others,
      probed: ODDS.indexOf(1),
      trialsOf: (visit) => {
        sizes.set(visit.target.name, sizeOf(visit));
        return trySparsities(visit, options, context);
      },
    },
    passContext(0, context),
  );
  const kept = keptByLayer(layers, sizes, sparsity);
  const amountOf = (name: string) => ({sparsity: 1 - (kept.get(name) ?? 0) / (sizes.get(name)?.weights ?? 1)});
  return pruneModel(compression, {...others, amountOf, pattern: 'unstructured'}, passContext(1, context));
}

/** The number of weights of a layer, and the number of those that earlier stages kept. */
interface LayerSize {
  readonly weights: number;
  readonly left: number;
}

function sizeOf({problems}: LayerVisit): LayerSize {
  const sum = (count: (problem: VisitedProblem) => number) =>
    problems.reduce((total, problem) => total + count(problem), 0);
  return {
    weights: sum(({weights}) => weights.data.length),
    left: sum(({weights, mask}) => mask?.filter((one) => one === 1).length ?? weights.data.length),
  };
}

async function* trySparsities(
  visit: LayerVisit,
  {sparsity, iterations, damping}: ModelSparsityOptions,
  context: StageContext,
): AsyncIterable<LayerTrial> {
  const {
    problems,
    target: {shadowLayer},
  } = visit;
  const {weights, left} = sizeOf(visit);
  for (const factor of ODDS) {
    const share = (factor * (1 - sparsity)) / (factor * (1 - sparsity) + sparsity);
    const outcomes = [];
    for (const problem of problems) {
      outcomes.push(
        await context.run(pruneSmallest(problem, share, {iterations: Math.min(iterations, TRIAL_ITERATIONS), damping})),
      );
    }
    yield {
      cost: Math.min(left, Math.floor(share * weights)),
      layer: {
        kind: 'pruned',
        name: shadowLayer.name,
        className: shadowLayer.getClassName(),
        matrices: outcomes.map(({values, mask}) => ({features: values.rows, neurons: values.columns, mask})),
      },
      outcomes,
    };
  }
}

function* pruneSmallest(
  problem: VisitedProblem,
  share: number,
  options: KeptOptions,
): Task<LayerTrial['outcomes'][number] & {readonly mask: Uint8Array}> {
  const {weights, gram, crossGram, mask: before} = problem;
  const largest = keepLargest(magnitudes(weights, before), 'unstructured', 1 - share);
  const mask = largest.map((kept, i) => (before?.[i] === 0 ? 0 : kept));
  const values = yield* solveKept({gram, target: multiply(crossGram, weights), start: weights, mask}, options);
  return {problem, values, mask, shift: shiftFor(problem, values), path: undefined};
}

/** The number of weights that each layer keeps, by name. Together exactly the wanted number, or all that are left. */
function keptByLayer(
  layers: readonly LayerSensitivity[],
  all: ReadonlyMap<string, LayerSize>,
  sparsity: number,
): Map<string, number> {
  const weights = Array.from(all.values()).reduce((sum, size) => sum + size.weights, 0);
  const wanted = weights - Math.round(sparsity * weights);
  const weighed = weightedErrors(layers);
  const chosen = allocate(weighed, wanted) ?? weighed.map(() => 0);
  const kept = new Map(layers.map(({name}, layer) => [name, weighed[layer][chosen[layer]].cost]));
  let rest = wanted - Array.from(kept.values()).reduce((sum, count) => sum + count, 0);
  // The rest is less than the next step of any layer: it goes to the layer whose step lowers the error most per weight.
  const slopes = weighed.map((trials, layer) => ({
    name: layers[layer].name,
    slope: findSteepest(trials, chosen[layer]),
  }));
  for (const {name} of slopes.sort((one, other) => other.slope - one.slope)) {
    const now = kept.get(name) ?? 0;
    const more = Math.min(rest, (all.get(name)?.left ?? 0) - now);
    kept.set(name, now + more);
    rest -= more;
  }
  return kept;
}

function findSteepest(trials: readonly AllocationOption[], from: number): number {
  const slopes = trials
    .filter(({cost}) => cost > trials[from].cost)
    .map(({cost, error}) => (trials[from].error - error) / (cost - trials[from].cost));
  return Math.max(0, ...slopes);
}
