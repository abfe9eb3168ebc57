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

/** A layer on its turn to be compressed: its statistics are complete. */
export interface LayerVisit {
  readonly target: CompressionTarget;
  /** The weight that takes up the mean error of its outputs, if there is one. */
  readonly biasTarget: BiasTarget | undefined;
  readonly problems: readonly VisitedProblem[];
  /** The record and the report of the layer from earlier stages. */
  readonly before: CompressedLayer | undefined;
  readonly reportBefore: LayerReport | undefined;
}

/** One weight matrix of a visited layer. */
export interface VisitedProblem extends Grams {
  /** W `[features, neurons]`, of the original layer. */
  readonly weights: Matrix;
  /** The weights of the shadow layer, as earlier stages left them. */
  readonly current: Matrix;
  /** The shift of the shadow's bias so far `[neurons]`. */
  readonly currentShift: Float64Array | undefined;
  /** The mask of an earlier stage. */
  readonly mask: Mask | undefined;
  readonly statistics: ProblemStatistics;
  /** Whether H and G are centred: biases may move, and a weight takes up the mean error. */
  readonly isCentred: boolean;
}

/** The run around a visit. */
export interface VisitContext {
  readonly compression: Compression;
  readonly networks: NetworkPair;
  /** Whether biases may move. */
  readonly bias: boolean;
  /** Runs the centring of the statistics. */
  readonly runner: TaskRunner;
}

/** Reads the weights of a target in both networks, and centres the statistics if its mean error can be taken up. */
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

/** The shift of the bias with weights Q, so that mean outputs agree; undefined if no bias may move. */
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
