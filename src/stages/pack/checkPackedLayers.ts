import {dispose, getBackend, keep, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {checkBatch, checkFinite} from '../../data/checkBatch.ts';
import {inputsOf, type InputTensors} from '../../data/inputTensors.ts';
import {ModelError} from '../../errors.ts';
import {predictOutputs} from '../../model/predictOutputs.ts';
import {requireBuilt} from '../../model/requireModel.ts';
import {Packed} from '../../packed/packed.ts';
import {packedLayersOf} from '../../packed/requireUnpacked.ts';
import {type LayerCheck, type SelfCheckReport, selfCheckReport} from '../../report/selfCheckReport.ts';
import {replaceCall} from '../../tfjsInternals.ts';
import {compareLayer} from './compareLayer.ts';
import {SelfCheckError} from './selfCheckError.ts';

/** How packed layers are compared. */
export interface SelfCheckPlan {
  readonly tolerance: number;
  readonly onFailure: 'refuse' | 'decode';
  readonly seed: number;
}

/** How packed layers are compared by default. */
export const DEFAULT_SELF_CHECK: SelfCheckPlan = {tolerance: 1e-4, onFailure: 'refuse', seed: 0};

/**
 * Compares every packed layer of a model, on the active backend, with the same layer in float32; one layer at a time is
 * in float32.
 * @param probe inputs of the model, which stay the caller's; undefined: random inputs for each layer
 * @throws ModelError for a model without packed layers, DataError for a probe that does not fit, SelfCheckError for a
 *   layer that fails
 */
export async function checkPackedLayers(
  model: LayersModel,
  probe: InputTensors | undefined,
  plan: SelfCheckPlan,
): Promise<SelfCheckReport> {
  requireBuilt('selfCheck', model);
  const packed = packedLayersOf(model);
  if (packed.length === 0)
    throw new ModelError(
      `selfCheck: expected a model with packed layers, found none in '${model.name}'; pack() makes them`,
    );
  const inputs = probe === undefined ? undefined : inputsOf('selfCheck', probe, model);
  if (inputs) {
    checkBatch('selfCheck', inputs, model);
    await checkFinite('selfCheck', inputs, model);
  }
  const report = selfCheckReport({
    backend: getBackend(),
    tolerance: plan.tolerance,
    layers: await checksOf(model, packed, inputs, plan),
  });
  if (plan.onFailure === 'refuse' && report.layers.some(({passed}) => !passed))
    throw new SelfCheckError(refusal(report), report);
  return report;
}

const NOTHING_TO_COMPARE = {
  route: 'decoded',
  inputs: 'none',
  maxError: 0,
  relativeError: 0,
  cosine: 1,
  passed: true,
} as const;

async function checksOf(
  model: LayersModel,
  packed: readonly Packed[],
  probe: Tensor[] | undefined,
  {tolerance, onFailure, seed}: SelfCheckPlan,
): Promise<LayerCheck[]> {
  const computed = packed.filter(({route}) => route === 'packed');
  const inputs = probe && computed.length > 0 ? inputsOfLayers(model, computed, probe) : new Map<Packed, Tensor[][]>();
  const checks: LayerCheck[] = [];
  try {
    for (const [index, layer] of packed.entries()) {
      if (layer.route === 'decoded') {
        checks.push({name: layer.name, ...NOTHING_TO_COMPARE});
        continue;
      }
      const check = await compareLayer(layer, inputs.get(layer) ?? [], [seed, index], tolerance);
      dispose((inputs.get(layer) ?? []).flat());
      if (!check.passed && onFailure === 'decode') layer.useDecoded();
      checks.push({...check, route: layer.route});
    }
  } finally {
    dispose([...inputs.values()].flat(2).filter(({isDisposed}) => !isDisposed));
  }
  return checks;
}

/** The inputs of each layer while the model predicts, call by call. They belong to the caller. */
function inputsOfLayers(model: LayersModel, layers: readonly Packed[], probe: Tensor[]): Map<Packed, Tensor[][]> {
  const inputs = new Map<Packed, Tensor[][]>();
  const restores: Array<() => void> = [];
  for (const layer of layers) {
    const restore = replaceCall(layer, (given, kwargs) => {
      inputs.set(layer, [...(inputs.get(layer) ?? []), given.map((one) => keep(one.clone()))]);
      return Packed.prototype.call.call(layer, given, kwargs);
    });
    restores.push(restore);
  }
  try {
    dispose(predictOutputs(model, probe, Math.max(1, probe[0].shape[0])));
    return inputs;
  } catch (error) {
    dispose([...inputs.values()].flat(2));
    throw error;
  } finally {
    for (const restore of restores) restore();
  }
}

function refusal({backend, tolerance, layers}: SelfCheckReport): string {
  const failures = layers
    .filter(({passed}) => !passed)
    .map(({name, maxError, relativeError, cosine}) => {
      const [error, relative, similarity] = [maxError, relativeError, cosine].map((value) => value.toPrecision(3));
      return `layer '${name}' is off by ${error} (relative ${relative}, cosine ${similarity})`;
    });
  return (
    `selfCheck: expected packed layers to compute on backend '${backend}' what their float32 weights give, ` +
    `up to ${tolerance} of the largest output; ${failures.join('; ')}. ` +
    "Decode them (selfCheck with onFailure: 'decode', or pack({selfCheck: 'decode'})) or use another backend, " +
    'and please report the device'
  );
}
