import type {LayerFilter} from '../../calibration/targets.ts';
import {requireKernel} from '../../ops/followPath.ts';
import type {Compression} from '../../types.ts';
import {quantizedResult, quantizeLayer} from './quantizeLayer.ts';
import type {QuantizeMethod} from '../../solver/quantizeWeights.ts';
import {requirePattern} from '../prune/requirePattern.ts';
import type {StageContext} from '../run/stageContext.ts';
import {visitModel, type VisitOptions} from '../run/visitLayers.ts';

/** How to quantize a model. */
export interface QuantizeModelOptions extends QuantizeMethod, VisitOptions {
  readonly seed: number;
  /** Why a layer is quantized without being pruned, where T prunes. */
  readonly dense?: LayerFilter;
}

/**
 * Quantizes every layer of a model that has an adapter and passes the filter, along the layer walk. Pruned weights stay 0.
 * The compression that comes in stays as it was.
 * @throws DataError without calibration data, ModelError for weights that cannot be quantized
 */
export async function quantizeModel(compression: Compression, options: QuantizeModelOptions, context: StageContext): Promise<Compression> {
  if (options.strictKernels) requireKernel();
  const {prune, dense, ...method} = options;
  return visitModel(compression, options, context, async (visit) => {
    const {site} = visit;
    const denseReason = prune && dense?.(site.layer, site.place);
    if (prune && denseReason === undefined) requirePattern(context.stage, site, prune.pattern);
    const letters = await quantizeLayer(visit, {...method, prune: denseReason === undefined ? prune : undefined}, context);
    return quantizedResult(visit, letters, denseReason, context);
  });
}
