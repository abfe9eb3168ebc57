import {batchNormVisitors} from '../../calibration/batchNormVisitor.ts';
import {ModelError} from '../../errors.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';
import {multiply} from '../../numerics/linalg/product.ts';
import {calibrationGain} from '../../numerics/path/calibrationError.ts';
import {refine} from '../../numerics/path/refinement.ts';
import {valuesOf} from '../../numerics/scales/quantized.ts';
import type {Task} from '../../numerics/task.ts';
import type {CompressedLayer, PrunedLayer, QuantizedLayer, QuantizedMatrix} from '../../records.ts';
import {roundToFloat32, solveKept} from '../../solver/solveKept.ts';
import {withRidge} from '../../solver/weightProblem.ts';
import {heldOutError} from '../measure/heldOutError.ts';
import {measureStorage} from '../measure/measureLayer.ts';
import type {Compression} from '../run/compression.ts';
import {type LayerVisit, shiftFor, type VisitedProblem} from '../run/layerVisit.ts';
import type {StageContext} from '../run/stageContext.ts';
import {type LayerResult, visitLayers, type VisitOptions} from '../run/visitLayers.ts';

/** How to correct a model. */
export interface CorrectModelOptions extends Omit<VisitOptions, 'others'> {
  /** Rounds of a refit and `sweeps` cyclic passes. */
  readonly rounds: number;
  readonly sweeps: number;
  /** Whether scales, and offsets where there are any, are refitted. */
  readonly scale: boolean;
  /** Whether moving statistics of BatchNormalization layers are re-estimated. */
  readonly batchNorm: boolean;
  /** Passes over pairs of features after the sweeps of each round. */
  readonly pairs: number;
  /** λ / mean diag H of the ridge that keeps letters near W. */
  readonly ridge: number;
  /** Conjugate-gradient steps of the least squares on the support, for layers that are only pruned. */
  readonly iterations: number;
  readonly damping: number;
}

/**
 * Lowers the calibration error of every layer that earlier stages compressed, along the layer walk, on the inputs that
 * the layer now receives: letters are swept and scales refitted, weights of pruned layers solved anew on their support,
 * biases moved. Alphabets, masks and the topology stay. A correction is kept only if the layer's error on held-out rows
 * falls, too.
 * @throws ModelError before any compression, DataError without calibration data
 */
export async function correctModel(
  compression: Compression,
  options: CorrectModelOptions,
  context: StageContext,
): Promise<Compression> {
  const compressed = new Map(compression.layers.map((layer) => [layer.name, layer]));
  if (compressed.size === 0)
    throw new ModelError(
      `${context.stage}: expected a compressed model, got one without compressed layers; ` +
        'put it after spfqQuantize, spfqPrune or spfqCompress',
    );
  const filter: VisitOptions['filter'] = (layer, info) =>
    compressed.has(info.name) ? options.filter(layer, info) : 'not compressed by an earlier stage';
  return visitLayers(
    compression,
    {...options, filter, ...(options.batchNorm ? {others: batchNormVisitors} : {})},
    context,
    async (visit) => {
      const {before} = visit;
      if (!before) throw new Error(`correctModel: layer ${visit.target.name} was compressed, and has no record`);
      const begin = performance.now();
      const corrected = await context.run(
        before.kind === 'quantized' ? correctLetters(visit, before, options) : correctSupport(visit, before, options),
      );
      return correctLayer(visit, {...corrected, begin}, context);
    },
  );
}

/** A layer after its correction. */
interface Corrected {
  readonly layer: CompressedLayer;
  readonly values: readonly Matrix[];
}

async function correctLayer(
  {problems, before, reportBefore}: LayerVisit,
  {layer, values, begin}: Corrected & {readonly begin: number},
  runner: StageContext,
): Promise<LayerResult> {
  if (!before || !reportBefore) throw new Error('correctLayer: a compressed layer has no record');
  const shifts = problems.map((problem, p) =>
    problem.isCentred ? shiftFor(problem, values[p]) : problem.currentShift,
  );
  const errorBefore = await runner.run(
    heldOutError(problems.map((problem) => ({problem, values: problem.current, shift: problem.currentShift}))),
  );
  const errorAfter = await runner.run(
    heldOutError(problems.map((problem, p) => ({problem, values: values[p], shift: shifts[p]}))),
  );
  const kept = errorAfter < errorBefore && (await runner.run(lowersCalibrationError(problems, values)));
  const report = {
    ...reportBefore,
    ...(kept ? await measureStorage(layer, values) : {}),
    relativeError: kept ? errorAfter : errorBefore,
    correction: {before: errorBefore, after: errorAfter, kept},
    milliseconds: reportBefore.milliseconds + performance.now() - begin,
  };
  return kept
    ? {layer, report, values, ...(problems.some(({isCentred}) => isCentred) ? {shifts} : {})}
    : {layer: before, report};
}

/** Whether the sum of squares fell; ridge and damping may cost more than the correction gains. */
function* lowersCalibrationError(problems: readonly VisitedProblem[], values: readonly Matrix[]): Task<boolean> {
  let total = 0;
  for (const [p, problem] of problems.entries()) {
    const gains = yield* calibrationGain(problem.gram, yield* targetOf(problem), problem.current, values[p]);
    total += gains.reduce((sum, gain) => sum + gain, 0);
  }
  return total > 0;
}

function* correctLetters(
  {problems}: LayerVisit,
  before: QuantizedLayer,
  options: CorrectModelOptions,
): Task<Corrected> {
  const {alphabet, granularity} = before;
  const refined: QuantizedMatrix[] = [];
  for (const [p, problem] of problems.entries()) {
    const offset = before.matrices[p].scales.offsets !== undefined;
    const {gram, target} = withRidge({...problem, target: yield* targetOf(problem)}, options.ridge);
    refined.push({
      ...before.matrices[p],
      ...(yield* refine(before.matrices[p], gram, target, {
        ...options,
        refit: options.scale,
        alphabet,
        granularity,
        offset,
      })),
    });
  }
  return {layer: {...before, matrices: refined}, values: refined.map((one) => valuesOf(one, alphabet, one.neurons))};
}

function* correctSupport({problems}: LayerVisit, layer: PrunedLayer, options: CorrectModelOptions): Task<Corrected> {
  const values: Matrix[] = [];
  for (const [p, problem] of problems.entries()) {
    const {gram, current: start} = problem;
    const {mask} = layer.matrices[p];
    values.push(roundToFloat32(yield* solveKept({gram, target: targetOf(problem), start, mask}, options)));
  }
  return {layer, values};
}

/** X̃ᵀ(XW − 1cᵀ): where the bias stays at its shift c, the weights have to give the rest. */
function* targetOf({
  crossGram,
  weights,
  isCentred,
  currentShift,
  statistics: {rows, shadowMean},
}: VisitedProblem): Task<Matrix> {
  const target = yield* multiply(crossGram, weights);
  if (isCentred || !currentShift) return target;
  const {columns} = target;
  return {
    ...target,
    data: target.data.map((entry, i) => entry - rows * shadowMean[Math.floor(i / columns)] * currentShift[i % columns]),
  };
}
