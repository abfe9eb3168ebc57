import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {InputTensors} from '../data/inputTensors.ts';
import {number, oneOf, type OptionRules, resolveOptions, seedRule} from '../options.ts';
import type {SelfCheckReport} from '../report/selfCheckReport.ts';
import {checkPackedLayers, DEFAULT_SELF_CHECK} from '../stages/pack/checkPackedLayers.ts';

/** Options of {@link selfCheck}. */
export interface SelfCheckOptions {
  /** The largest error, relative to the largest output of a layer, that passes. Default 1e-4. */
  readonly tolerance?: number;
  /**
   * What happens if a layer fails: an error, or the layer is decoded to float32 and named in the report. Default
   * `'refuse'`.
   */
  readonly onFailure?: 'refuse' | 'decode';
  /** The seed of random inputs. Default 0. */
  readonly seed?: number;
}

const RULES: OptionRules<Required<SelfCheckOptions>> = {
  tolerance: number(DEFAULT_SELF_CHECK.tolerance, 0),
  onFailure: oneOf(DEFAULT_SELF_CHECK.onFailure, ['refuse', 'decode']),
  seed: seedRule,
};

/**
 * Compares every packed layer of a model, on the active backend, with the same layer in float32, so that a device whose
 * driver computes something else is found before its answers are used.
 *
 * ```ts
 * const model = await loadPacked('indexeddb://small');
 * await selfCheck(model, x);                                            // refuses a wrong device
 * const report = await selfCheck(model, x, {onFailure: 'decode'});      // or works around it
 * ```
 * @param probe inputs of the model, so that each layer is compared on its real inputs; they stay yours. Without them
 *   each layer gets random inputs
 * @returns the result for each layer; layers are compared one after the other, and only one is in float32 at a time
 * @throws OptionError, ModelError for a model without packed layers, DataError for a probe that does not fit,
 *   SelfCheckError for a layer that fails
 */
export async function selfCheck(
  model: LayersModel,
  probe?: InputTensors,
  options: SelfCheckOptions = {},
): Promise<SelfCheckReport> {
  return checkPackedLayers(model, probe, resolveOptions<Required<SelfCheckOptions>>('selfCheck', options, RULES));
}
