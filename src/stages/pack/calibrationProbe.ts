import {dispose, slice, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {BatchSource} from '../../data/batchSource.ts';

/** Enough to meet every output of a layer; the inputs of all its layers are held together. */
const SAMPLES = 8;

/** The first samples of calibration data, as inputs of a model. They belong to the caller. */
export async function readCalibrationProbe(
  calibration: BatchSource,
  model: LayersModel,
): Promise<Tensor[] | undefined> {
  for await (const batch of calibration.read(model)) {
    try {
      return tidy(() => batch.map((tensor) => slice(tensor, 0, Math.min(SAMPLES, tensor.shape[0]))));
    } finally {
      dispose(batch);
    }
  }
  return undefined;
}
