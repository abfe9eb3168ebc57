import {type BiasTarget, findBiasTarget} from '../../calibration/biasTarget.ts';
import type {ProblemStatistics} from '../../calibration/problemStatistics.ts';
import {type CompressionTarget, kernelWeight} from '../../calibration/targets.ts';
import type {NetworkPair} from '../../model/networkPair.ts';
import {biasShift, centerGrams, type Grams} from '../../numerics/correction/centering.ts';
import type {Mask} from '../../numerics/linalg/mask.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import type {TaskRunner} from '../../numerics/task.ts';
import type {CompressedLayer} from '../../records.ts';
import type {LayerReport} from '../../report/layerReport.ts';
import type {Compression} from './compression.ts';

/** A layer whose statistics are complete, on its turn to be compressed. */
export interface LayerVisit {
  readonly target: CompressionTarget;
  /** What takes up the mean error of its outputs, if something can. */
  readonly biasTarget: BiasTarget | undefined;
  readonly problems: readonly VisitedProblem[];
  /** What earlier stages made of the layer, and said of it. */
  readonly before: CompressedLayer | undefined;
  readonly reportBefore: LayerReport | undefined;
}

/** One weight matrix of a visited layer. */
export interface VisitedProblem extends Grams {
  /** W `[features, neurons]`: what the layer is to do, whatever earlier stages made of its copy. */
  readonly weights: Matrix;
  /** The weights of the copy. */
  readonly current: Matrix;
  /** What the bias of the copy gained so far `[neurons]`. */
  readonly currentShift: Float64Array | undefined;
  /** Which weights an earlier stage left. */
  readonly mask: Mask | undefined;
  readonly statistics: ProblemStatistics;
  /** Whether H and G are centred, because biases may move and something takes up the mean error. */
  readonly isCentred: boolean;
}

/** What a visit needs to know of the run around it. */
export interface VisitContext {
  readonly compression: Compression;
  readonly networks: NetworkPair;
  /** Whether biases may move. */
  readonly bias: boolean;
  /** Awaited before the statistics are centred, and meanwhile. */
  readonly runner: TaskRunner;
}

/** Reads a layer as its original and its copy have it. Where nothing may take up the mean error the statistics stay uncentred. */
export async function createLayerVisit(
  target: CompressionTarget,
  statistics: readonly ProblemStatistics[],
  {compression, networks, bias, runner}: VisitContext,
): Promise<LayerVisit> {
  const biasTarget = findBiasTarget(target, networks);
  const isCentred = bias && biasTarget !== undefined;
  const before = compression.layers.find(({name}) => name === target.name);
  const [weights, current] = [
    await matricesOf(target, target.originalLayer),
    await matricesOf(target, target.shadowLayer),
  ];
  const moved = biasTarget && (await biasGain(biasTarget));
  await runner.checkpoint();
  const grams: Grams[] = [];
  for (const problem of statistics) grams.push(isCentred ? await runner.run(centerGrams(problem)) : problem);
  return {
    target,
    biasTarget,
    before,
    reportBefore: compression.report.layers.find(({name}) => name === target.name),
    problems: statistics.map((problem, p): VisitedProblem => ({
      weights: weights[p],
      current: current[p],
      currentShift:
        moved &&
        (biasTarget.sign === 1
          ? moved.slice(p * weights[p].columns, (p + 1) * weights[p].columns)
          : biasShift(problem, weights[p], current[p])),
      mask: before?.matrices[p].mask,
      statistics: problem,
      isCentred,
      gram: grams[p].gram,
      crossGram: grams[p].crossGram,
    })),
  };
}

/** What a bias gains with weights Q, so that mean outputs agree; nothing where no bias may move. */
export function shiftFor({isCentred, statistics, weights}: VisitedProblem, values: Matrix): Float64Array | undefined {
  return isCentred ? biasShift(statistics, weights, values) : undefined;
}

async function matricesOf({kernel}: CompressionTarget, layer: CompressionTarget['shadowLayer']): Promise<Matrix[]> {
  const weight = kernelWeight(layer, kernel);
  return kernel.toMatrices(await weight.data(), weight.shape);
}

async function biasGain({layer, original, weight}: BiasTarget): Promise<Float64Array> {
  const [before, now] = await Promise.all([original, layer].map((one) => one.getWeights()[weight].data<'float32'>()));
  return Float64Array.from(now, (value, i) => value - before[i]);
}
