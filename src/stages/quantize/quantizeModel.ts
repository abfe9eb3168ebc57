import type {LayerFilter} from '../../calibration/targets.ts';
import {requirePathKernel} from '../../ops/followPath.ts';
import type {QuantizeMethod} from '../../solver/quantizeMethod.ts';
import {requirePattern} from '../prune/requirePattern.ts';
import type {Compression} from '../run/compression.ts';
import type {StageContext} from '../run/stageContext.ts';
import {visitLayers, type VisitOptions} from '../run/visitLayers.ts';
import {createQuantizedResult, quantizeLayer} from './quantizeLayer.ts';

/** How to quantize a model. */
export interface QuantizeModelOptions {
  readonly method: QuantizeMethod;
  readonly walk: VisitOptions;
  /** With {@link QuantizeMethod.prune}: the reason why a layer is not pruned, if it is not. */
  readonly pruneFilter?: LayerFilter;
}

/**
 * Quantizes every layer of a model that has an adapter and passes the filter, along the layer walk. Pruned weights
 * stay 0. The given compression stays as it was.
 * @throws DataError without calibration data, ModelError for weights that cannot be quantized
 */
export async function quantizeModel(
  compression: Compression,
  options: QuantizeModelOptions,
  context: StageContext,
): Promise<Compression> {
  const {method, walk, pruneFilter} = options;
  if (method.strictKernels) requirePathKernel();
  return visitLayers(compression, walk, context, async (visit) => {
    const {target} = visit;
    const {prune} = method;
    const denseReason = prune && pruneFilter?.(target.shadowLayer, target.info);
    if (prune && denseReason === undefined) requirePattern(context.stage, target, prune.pattern);
    const letters = await quantizeLayer(
      visit,
      {...method, prune: denseReason === undefined ? prune : undefined},
      context,
    );
    return createQuantizedResult(visit, letters, denseReason, context);
  });
}
