import type {ProblemStatistics, RowPair} from '../graph/siteStatistics.ts';
import {effectiveBits} from '../numerics/alphabet.ts';
import {pathBound} from '../numerics/bounds.ts';
import {biasShift} from '../numerics/centering.ts';
import {diagonal, type Matrix, matrix, subtract} from '../numerics/matrix.ts';
import {multiply} from '../numerics/product.ts';
import type {QuantizedWeights, QuantizeMethod} from '../methods/quantizeWeights.ts';
import type {CompressedLayer} from '../types.ts';
import type {BoundReport, LayerReport} from './report.ts';
import {gzipLength, packedLayer} from './sizes.ts';

/** One problem of a layer, before and after. */
export interface ProblemOutcome {
  readonly weights: Matrix;
  readonly statistics: ProblemStatistics;
  /** H as the problem was solved with it: centred, or not. */
  readonly gram: Matrix;
  readonly quantized: QuantizedWeights;
  /** What the bias gained, if it did. */
  readonly shift: Float64Array | undefined;
}

/** The probability with which the reported bound may fail. */
const PROBABILITY = 0.01;

/** The report of a layer, measured on rows that its statistics have not seen. */
export async function layerReport(layer: CompressedLayer, outcomes: readonly ProblemOutcome[], method: QuantizeMethod, milliseconds: number): Promise<LayerReport> {
  const packed = packedLayer(layer);
  const [{weights, statistics: {rows, heldBack}}] = outcomes;
  const steps = outcomes.reduce((sum, outcome) => sum + outcome.weights.data.length, 0);
  return {
    name: layer.name,
    className: layer.className,
    shape: [weights.rows, weights.columns],
    problems: outcomes.length,
    levels: layer.alphabet.levels,
    effectiveBits: effectiveBits(layer.alphabet),
    granularity: layer.granularity,
    relativeError: pooledError(outcomes, ({quantized, shift}) => ({values: quantized.values, shift})),
    heldBackRows: heldBack.original.rows,
    calibrationRows: rows,
    bound: boundReport(outcomes, method),
    clippedShare: outcomes.reduce((sum, {quantized}) => sum + quantized.clipped, 0) / steps,
    deadFeatures: outcomes.reduce((sum, {gram}) => sum + diagonal(gram).filter((norm) => !(norm > 0)).length, 0),
    alignmentError: pooledError(outcomes, ({quantized, shift, ...outcome}) => ({
      values: quantized.aligned, shift: shift && biasShift(outcome.statistics, outcome.weights, quantized.aligned),
    })),
    kernel: [...new Set(outcomes.map(({quantized}) => quantized.kernel))].join(', '),
    milliseconds,
    bytes: packed.byteLength,
    gzipBytes: await gzipLength(Uint8Array.from(packed)),
  };
}

/** ‖XW − X̃V − 1cᵀ‖ / ‖XW‖ over all problems of a layer. */
function pooledError(outcomes: readonly ProblemOutcome[], of: (outcome: ProblemOutcome) => {values: Matrix; shift: Float64Array | undefined}): number {
  let difference = 0, norm = 0;
  for (const outcome of outcomes) {
    const {values, shift} = of(outcome);
    const rows = outcome.statistics.heldBack.original.rows > 0 ? outcome.statistics.heldBack : outcome.statistics.witnesses;
    const target = multiply(rows.original, outcome.weights);
    const actual = multiply(rows.shadow, values);
    target.data.forEach((value, i) => {
      difference += (value - actual.data[i] - (shift?.[i % target.columns] ?? 0)) ** 2;
      norm += value ** 2;
    });
  }
  return norm > 0 ? Math.sqrt(difference / norm) : 0;
}

function boundReport(outcomes: readonly ProblemOutcome[], {rounding, feedback, samples}: QuantizeMethod): BoundReport {
  const stochastic = rounding === 'stochastic' && samples === 1 && feedback.kind === 'path';
  const bounds = outcomes.map((outcome) => ({
    limit: limitOf(outcome, feedback.scaling ?? 1),
    measured: largestError(outcome),
  }));
  return {
    limit: Math.max(...bounds.map(({limit}) => limit)),
    measured: Math.max(...bounds.map(({measured}) => measured)),
    applies: stochastic && outcomes.every(({quantized}) => quantized.clipped === 0),
  };
}

function limitOf({gram, quantized, statistics}: ProblemOutcome, scaling: number): number {
  return pathBound({
    radius: quantized.path.scales.steps.reduce((largest, step) => Math.max(largest, step), 0),
    scaling,
    largestNorm: diagonal(gram).reduce((largest, norm) => Math.max(largest, norm), 0),
    rows: Math.max(1, statistics.witnesses.shadow.rows * quantized.values.columns),
    probability: PROBABILITY,
  });
}

/** max |X̃(w̃ − q)| over the witnesses, centred as the problem was. */
function largestError({quantized, statistics, shift}: ProblemOutcome): number {
  const {shadow}: RowPair = statistics.witnesses;
  const difference = subtract(quantized.aligned, quantized.path.values);
  const errors = multiply(shadow, difference);
  const offset = shift ? multiply(matrix(1, shadow.columns, statistics.shadowMean), difference).data : new Float64Array(difference.columns);
  return errors.data.reduce((largest, error, i) => Math.max(largest, Math.abs(error - offset[i % errors.columns])), 0);
}
