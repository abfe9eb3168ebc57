import type {LayersModel} from '@tensorflow/tfjs-layers';
import {type CompressionTarget, kernelWeight} from '../../calibration/targets.ts';
import {listCalls} from '../../model/callList.ts';
import {sizeOf, valueShapes} from '../../model/valueShapes.ts';
import {smallestFormOf} from '../../numerics/coding/masks.ts';
import {type Packing, partsOf} from '../../numerics/coding/packedMatrices.ts';
import type {Pattern} from '../../numerics/linalg/mask.ts';
import {type Granularity, groupSizeOf} from '../../numerics/scales/scales.ts';
import type {Alphabet} from '../../numerics/stochastic/alphabet.ts';
import {gramBytes} from '../../ops/gramBytes.ts';
import {type DryRunData, type DryRunLayer, type DryRunReport, dryRunReport} from '../../report/dryRunReport.ts';
import {requirePattern} from '../prune/requirePattern.ts';
import {chooseTargets, type TargetChoice} from '../run/chooseTargets.ts';
import {type TargetMemory, walkMemory} from './walkMemory.ts';

/** What a pruning stage would do. */
export interface PlannedPruning extends TargetChoice {
  readonly stage: string;
  readonly sparsity: number;
  readonly pattern: Pattern;
}

/** What a quantizing stage would do. */
export interface PlannedLetters extends TargetChoice {
  readonly stage: string;
  readonly alphabet: Alphabet;
  readonly granularity: Granularity;
  readonly offset: boolean;
}

/** The stages that a dry run looks at, and how they would read their data. */
export interface DryRunPlan {
  readonly pruning: PlannedPruning | undefined;
  readonly letters: PlannedLetters | undefined;
  readonly inputShapes: ReadonlyArray<readonly number[]>;
  readonly samples: number;
  readonly batchSize: number;
  readonly rows: number;
  readonly memory: number;
}

/**
 * What stages would make of a model. Nothing is run, cloned or allocated.
 * @throws ModelError where they would
 */
export function dryRunModel(model: LayersModel, plan: DryRunPlan): DryRunReport {
  const calls = listCalls(model);
  const networks = {original: calls, shadow: calls};
  const stages = [plan.pruning, plan.letters].filter((stage) => stage !== undefined);
  const choices = stages.map((stage) => ({stage: stage.stage, ...chooseTargets(stage.stage, networks, stage)}));
  const pruned = choices.find(({stage}) => stage === plan.pruning?.stage);
  for (const target of pruned?.targets ?? [])
    if (plan.pruning) requirePattern(plan.pruning.stage, target, plan.pruning.pattern);
  const {targets} = choices[choices.length - 1];
  const walk = {...plan, calls, shapes: valueShapes(calls, plan.inputShapes)};
  const memories = choices.map(({targets: visited}, k) =>
    walkMemory({...walk, targets: visited, startsChanged: k > 0}),
  );
  const layers = targets.map((target) =>
    layerOf(target, plan, {
      isPruned: pruned?.targets.some(({name}) => name === target.name) ?? false,
      keepDenseReason: pruned?.skipped.find(({name}) => name === target.name)?.reason,
      memory: choices.flatMap(({targets: visited}, k) => memories[k].filter((_, i) => visited[i].name === target.name)),
    }),
  );
  // The original, what the stage before made, and the copy that is rewritten.
  const models = 4 * model.countParams() * (stages.length + 1);
  return dryRunReport({
    stages: stages.map(({stage}) => stage),
    inputShapes: plan.inputShapes,
    samples: plan.samples,
    layers,
    skipped: choices.flatMap(({stage, skipped}) => skipped.map((layer) => ({stage, ...layer}))),
    size: modelSize(model, layers),
    peak: {
      tensors: models + Math.max(...layers.map(({tensors}) => tensors)),
      models,
      statistics: Math.max(...layers.map(({statistics}) => statistics)),
    },
  });
}

interface Findings {
  readonly isPruned: boolean;
  readonly keepDenseReason: string | undefined;
  /** In the stages that visit the layer. */
  readonly memory: readonly TargetMemory[];
}

function layerOf(
  target: CompressionTarget,
  plan: DryRunPlan,
  {isPruned, keepDenseReason, memory}: Findings,
): DryRunLayer {
  const {originalLayer, kernel} = target;
  const {shape} = kernelWeight(originalLayer, kernel);
  const [matrixCount, features, neurons] = [kernel.matrixCount(shape), kernel.features(shape), kernel.neurons(shape)];
  const weights = sizeOf(shape);
  const packing = packingOf({problems: matrixCount, features, neurons}, plan, isPruned);
  return {
    name: target.name,
    className: originalLayer.getClassName(),
    shape: [features, neurons],
    matrixCount,
    weights,
    letters: packing.letters?.levels,
    pruned: matrixCount * features * neurons - packing.kept,
    keepDenseReason,
    bytesBefore: 4 * weights,
    bytesAfter: partsOf(packing).reduce((sum, {length}) => sum + 4 * length, 0),
    statistics: gramBytes({problems: matrixCount, features}),
    activations: Math.max(...memory.map(({activations}) => activations)),
    tensors: Math.max(...memory.map(({tensors}) => tensors)),
  };
}

/** How the layer would be written; an unstructured mask as one bit for each weight, though a tiny one may by chance have a shorter form. */
function packingOf(
  extent: Pick<Packing, 'problems' | 'features' | 'neurons'>,
  {pruning, letters}: DryRunPlan,
  isPruned: boolean,
): Packing {
  const weights = extent.problems * extent.features * extent.neurons;
  const zeros = isPruned && pruning ? zerosOf(pruning, weights) : 0;
  return {
    ...extent,
    kept: weights - zeros,
    letters: letters && {
      levels: letters.alphabet.levels,
      origin: letters.alphabet.lowest + letters.alphabet.shift,
      groupSize: groupSizeOf(letters.granularity, extent.features),
      offsets: letters.offset,
    },
    zeros: isPruned && pruning ? smallestFormOf(weights, extent.features, runsOf(pruning, zeros, weights)) : undefined,
  };
}

function zerosOf({pattern, sparsity}: PlannedPruning, weights: number): number {
  return pattern === 'unstructured' ? Math.round(sparsity * weights) : (weights * (pattern.m - pattern.n)) / pattern.m;
}

/** Of what runs of features it is known how many are kept: of any where all or none are, else of those of the pattern; of none without one. */
function runsOf({pattern}: PlannedPruning, zeros: number, weights: number): {readonly n: number; readonly m: number} {
  if (zeros === 0 || zeros === weights) return {n: zeros === 0 ? 1 : 0, m: 1};
  return pattern === 'unstructured' ? {n: 0, m: Infinity} : pattern;
}

function modelSize(model: LayersModel, layers: readonly DryRunLayer[]): DryRunData['size'] {
  const parameters = model.countParams();
  const [compressedWeights, packed] = [
    layers.reduce((sum, {weights}) => sum + weights, 0),
    layers.reduce((sum, {bytesAfter}) => sum + bytesAfter, 0),
  ];
  return {
    compressedWeights,
    parameters,
    bitsPerWeight: (8 * packed) / compressedWeights,
    bytesBefore: 4 * parameters,
    bytesAfter: packed + 4 * (parameters - compressedWeights),
  };
}
