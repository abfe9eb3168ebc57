import type {QuantizedLayer} from '../../records.ts';
import {lookupMethod} from '../../solver/lookupMethod.ts';
import type {QuantizeMethod} from '../../solver/quantizeMethod.ts';
import {quantizeWeights} from '../../solver/quantizeWeights.ts';
import {measureLayer, type ProblemOutcome} from '../measure/measureLayer.ts';
import {type LayerVisit, shiftFor} from '../run/layerVisit.ts';
import type {StageContext} from '../run/stageContext.ts';
import type {LayerResult} from '../run/visitLayers.ts';

/** A quantized layer that is not written to the model yet. */
export interface LayerLetters {
  readonly layer: QuantizedLayer;
  readonly outcomes: readonly ProblemOutcome[];
  readonly milliseconds: number;
}

/** Quantizes all problems of a visited layer, without rewriting the layer. */
export async function quantizeLayer(
  {target, problems}: LayerVisit,
  given: QuantizeMethod,
  context: StageContext,
): Promise<LayerLetters> {
  const begin = performance.now();
  const method = target.kernel.rowIndices ? lookupMethod(given) : given;
  const solved = [];
  for (const [p, problem] of problems.entries()) {
    const quantized = await quantizeWeights(problem, {layer: target.number, matrix: p}, method, context);
    solved.push({problem, ...quantized, shift: shiftFor(problem, quantized.values)});
  }
  const layer: QuantizedLayer = {
    kind: 'quantized',
    name: target.name,
    className: target.shadowLayer.getClassName(),
    alphabet: method.alphabet,
    granularity: method.granularity,
    matrices: solved.map(({problem: {weights}, codes, scales, mask}) => ({
      features: weights.rows,
      neurons: weights.columns,
      codes,
      scales,
      mask,
    })),
  };
  return {layer, outcomes: solved, milliseconds: performance.now() - begin};
}

/**
 * The result of a stage for a quantized layer.
 * @param choice why the layer has this number of letters, for the report
 */
export async function createQuantizedResult(
  {reportBefore}: LayerVisit,
  {layer, outcomes, milliseconds}: LayerLetters,
  choice: string | undefined,
  runner: StageContext,
): Promise<LayerResult> {
  return {
    layer,
    report: await measureLayer(layer, outcomes, {before: reportBefore, milliseconds, choice}, runner),
    values: outcomes.map(({values}) => values),
    shifts: outcomes.map(({shift}) => shift),
  };
}
