import {dispose, getBackend, slice, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {sealModel} from '../../artifacts/sealModel.ts';
import type {BatchSource} from '../../data/batchSource.ts';
import {ModelError} from '../../errors.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {requireAlive} from '../../model/requireModel.ts';
import {packedLayersOf, requireUnpacked} from '../../packed/requireUnpacked.ts';
import type {PackingReport} from '../../report/packingReport.ts';
import {type Compression, disposeFunction, nextReport} from '../run/compression.ts';
import type {StageContext} from '../run/stageContext.ts';
import {checkPackedLayers, DEFAULT_SELF_CHECK} from './checkPackedLayers.ts';
import {packedLayerReport} from './packedLayerReport.ts';
import {packModel} from './packModel.ts';
import {selfChecksByDefault} from './selfChecksByDefault.ts';

/** Samples of the self-check: few, because the inputs of all packed layers are held together. */
const PROBE_SAMPLES = 8;

/** Whether packed layers are compared with their float32 counterparts; undefined leaves it to the backend. */
type SelfCheck = boolean | 'decode' | undefined;

/**
 * The compression with its model packed. The evaluation stays, because the packed model is the same function.
 * @throws ModelError if no layer was compressed, the model is packed already, or weights were changed since their
 *   compression; SelfCheckError
 */
export async function packStage(
  compression: Compression,
  check: SelfCheck,
  context: StageContext,
): Promise<Compression> {
  const {model, layers, report} = compression;
  if (layers.length === 0)
    throw new ModelError(
      'pack: expected a compression with compressed layers, got none; put spfqQuantize or spfqPrune before it',
    );
  requireAlive('pack', model);
  requireUnpacked('pack', model, 'put pack() last, once');
  await context.checkpoint();
  const packed = await packModel(model, layers, context);
  try {
    await sealModel(packed);
    await context.checkpoint();
    const checked = await checkOf({...compression, model: packed}, check ?? selfChecksByDefault(packed));
    await context.checkpoint();
    context.progress('', 1, 1);
    const packing = {backend: getBackend(), layers: packedLayersOf(packed).map(packedLayerReport), selfCheck: checked};
    return {
      ...compression,
      model: packed,
      report: nextReport(report, context, {packing}),
      dispose: disposeFunction(packed, compression),
    };
  } catch (error) {
    disposeModel(packed);
    throw error;
  }
}

async function checkOf(
  {model, calibration, seed}: Compression,
  check: boolean | 'decode',
): Promise<PackingReport['selfCheck']> {
  if (check === false) return undefined;
  const probe = calibration && (await readProbe(calibration, model));
  try {
    const {backend, tolerance, layers} = await checkPackedLayers(model, probe, {
      ...DEFAULT_SELF_CHECK,
      seed,
      onFailure: check === 'decode' ? 'decode' : 'refuse',
    });
    return {backend, tolerance, layers};
  } finally {
    dispose(probe ?? []);
  }
}

/** The first samples of the calibration data, as inputs of the model. They belong to the caller. */
async function readProbe(calibration: BatchSource, model: LayersModel): Promise<Tensor[] | undefined> {
  for await (const batch of calibration.read(model)) {
    try {
      return tidy(() => batch.map((tensor) => slice(tensor, 0, Math.min(PROBE_SAMPLES, tensor.shape[0]))));
    } finally {
      dispose(batch);
    }
  }
  return undefined;
}
