import type {LayersModel} from '@tensorflow/tfjs-layers';
import {type CompressionTarget, kernelWeight} from '../../calibration/targets.ts';
import {listCalls} from '../../model/callList.ts';
import {valueShapes} from '../../model/valueShapes.ts';
import {smallestFormOf} from '../../numerics/coding/masks.ts';
import {type Packing, partsOf} from '../../numerics/coding/packing.ts';
import type {Pattern} from '../../numerics/linalg/mask.ts';
import {type Granularity, groupSizeOf} from '../../numerics/scales/scales.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import type {Alphabet} from '../../numerics/stochastic/alphabet.ts';
import {gramBytes} from '../../ops/gramBytes.ts';
import type {SkippedLayer} from '../../records.ts';
import {type DryRunData, type DryRunLayer, type DryRunReport, dryRunReport} from '../../report/dryRunReport.ts';
import {requirePattern} from '../prune/requirePattern.ts';
import {chooseTargets, type TargetChoice} from '../run/chooseTargets.ts';
import {type TargetMemory, walkMemory} from './walkMemory.ts';

/** The plan of a pruning stage. */
export interface PlannedPruning extends TargetChoice {
  readonly stage: string;
  readonly sparsity: number;
  readonly pattern: Pattern;
}

/** The plan of a quantizing stage. */
export interface PlannedLetters extends TargetChoice {
  readonly stage: string;
  readonly alphabet: Alphabet;
  readonly granularity: Granularity;
  readonly offset: boolean;
}

/** The stages of a dry run, and how they would read their data. */
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
 * The effect that stages would have on a model. Nothing is run, cloned or allocated.
 * @throws ModelError if a stage would
 */
export function dryRunModel(model: LayersModel, plan: DryRunPlan): DryRunReport {
  const stages = planStages(model, plan);
  const layers = stages[stages.length - 1].targets.map((target) => layerOf(target, plan, findingsFor(target, stages)));
  // The original, the model that the stage before made, and the copy that is rewritten.
  const models = 4 * model.countParams() * (stages.length + 1);
  return dryRunReport({
    stages: stages.map(({stage}) => stage),
    inputShapes: plan.inputShapes,
    samples: plan.samples,
    layers,
    skipped: stages.flatMap(({stage, skipped}) => skipped.map((layer) => ({stage, ...layer}))),
    size: modelSize(model, layers),
    peak: {
      tensors: models + Math.max(...layers.map(({tensors}) => tensors)),
      models,
      statistics: Math.max(...layers.map(({statistics}) => statistics)),
    },
  });
}

/** A stage of the plan. */
interface PlannedStage {
  readonly stage: string;
  readonly isPruning: boolean;
  readonly targets: readonly CompressionTarget[];
  readonly skipped: readonly SkippedLayer[];
  /** By target. */
  readonly memories: readonly TargetMemory[];
}

function planStages(model: LayersModel, plan: DryRunPlan): PlannedStage[] {
  const {pruning, letters} = plan;
  const calls = listCalls(model);
  const networks = {original: calls, shadow: calls};
  const choices = [pruning, letters]
    .filter((planned) => planned !== undefined)
    .map((planned) => ({planned, ...chooseTargets(planned.stage, networks, planned)}));
  for (const {planned, targets} of choices)
    if (planned === pruning) for (const target of targets) requirePattern(pruning.stage, target, pruning.pattern);
  const walk = {...plan, calls, shapes: valueShapes(calls, plan.inputShapes)};
  return choices.map(({planned, targets, skipped}, k) => ({
    stage: planned.stage,
    isPruning: planned === pruning,
    targets,
    skipped,
    memories: walkMemory({...walk, targets, startsChanged: k > 0}),
  }));
}

/** What the stages find out about a layer. */
interface Findings {
  readonly isPruned: boolean;
  readonly keepDenseReason: string | undefined;
  /** One for each stage that visits the layer. */
  readonly memories: readonly TargetMemory[];
}

function findingsFor({name}: CompressionTarget, stages: readonly PlannedStage[]): Findings {
  const pruning = stages.find(({isPruning}) => isPruning);
  const isLayer = (layer: {readonly name: string}): boolean => layer.name === name;
  return {
    isPruned: pruning?.targets.some(isLayer) ?? false,
    keepDenseReason: pruning?.skipped.find(isLayer)?.reason,
    memories: stages.flatMap(({targets, memories}) => memories.filter((_, i) => isLayer(targets[i]))),
  };
}

function layerOf(
  target: CompressionTarget,
  plan: DryRunPlan,
  {isPruned, keepDenseReason, memories}: Findings,
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
    activations: Math.max(...memories.map(({activations}) => activations)),
    tensors: Math.max(...memories.map(({tensors}) => tensors)),
  };
}

/**
 * How the layer would be packed. An unstructured mask counts one bit per weight, although a tiny mask may by chance
 * have a shorter form.
 */
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

/**
 * The runs of features in which the number of kept weights is known in advance: any run if all weights or none are
 * kept, else those of the pattern; none for an unstructured mask.
 */
function runsOf({pattern}: PlannedPruning, zeros: number, weights: number): {readonly n: number; readonly m: number} {
  if (zeros === 0 || zeros === weights) return {n: zeros === 0 ? 1 : 0, m: 1};
  return pattern === 'unstructured' ? {n: 0, m: Infinity} : pattern;
}

function modelSize(model: LayersModel, layers: readonly DryRunLayer[]): DryRunData['size'] {
  const parameters = model.countParams();
  const compressedWeights = layers.reduce((sum, {weights}) => sum + weights, 0);
  const packed = layers.reduce((sum, {bytesAfter}) => sum + bytesAfter, 0);
  return {
    compressedWeights,
    parameters,
    bitsPerWeight: (8 * packed) / compressedWeights,
    bytesBefore: 4 * parameters,
    bytesAfter: packed + 4 * (parameters - compressedWeights),
  };
}
