import {gzipSync} from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

/** A model whose weights are what tfjs makes of 8-bit files. */
export interface Uint8Model {
  readonly model: tf.LayersModel;
  /** Of the weight file, one per weight; scale and minimum of each tensor are in `model.json`. */
  readonly bytes: number;
  readonly gzipBytes: number;
}

/**
 * The 8-bit baseline: every weight tensor through `quantize_weights` of tfjs's converter
 * (tensorflowjs/quantization.py), saved with the standard manifest and loaded again by tfjs itself. Affine, one scale
 * per tensor, biases and statistics included:
 *
 *     code = round((w − min) / scale),  w' = code · scale + min,  scale = (max − min) / 255
 *
 * with `min` moved so that 0 has a code of its own, if it lies in the range.
 * @throws Error if a weight is not float32
 */
export async function quantizeUint8(model: tf.LayersModel): Promise<Uint8Model> {
  const artifacts = await artifactsOf(model);
  const tensors = tf.io.decodeWeights(
    tf.io.CompositeArrayBuffer.join(artifacts.weightData),
    artifacts.weightSpecs ?? [],
  );
  const quantized = await Promise.all(
    (artifacts.weightSpecs ?? []).map(async (spec) => quantizeSpec(spec, await tensors[spec.name].data())),
  );
  tf.dispose(tensors);
  const weightData = Buffer.concat(quantized.map(({codes}) => codes));
  return {
    model: await tf.loadLayersModel(
      tf.io.fromMemory({
        ...artifacts,
        weightSpecs: quantized.map(({spec}) => spec),
        weightData: Uint8Array.from(weightData).buffer,
      }),
    ),
    bytes: weightData.length,
    gzipBytes: gzipSync(weightData, {level: 9}).length,
  };
}

/**
 * Codes of one tensor, and the affine map back to weights.
 * In float32 where numpy is: an array with a scalar stays float32, the range itself is float64.
 */
export function affineUint8(weights: ArrayLike<number>): {codes: Uint8Array; scale: number; min: number} {
  const {min, max} = rangeOf(weights);
  if (min === max) return {codes: new Uint8Array(weights.length), scale: 1, min};
  const scale = (max - min) / 255;
  const coversZero = min <= 0 && max >= 0;
  const nudgedMin = coversZero ? -roundHalfToEven(-min / scale) * scale : min;
  const nudgedMax = coversZero ? 255 * scale + nudgedMin : max;
  const [low, high, step] = [nudgedMin, nudgedMax, scale].map(Math.fround);
  const codes = Uint8Array.from(weights, (weight) => {
    const clipped = Math.min(Math.max(weight, low), high);
    return roundHalfToEven(Math.fround(Math.fround(clipped - low) / step));
  });
  return {codes, scale, min: nudgedMin};
}

function quantizeSpec(spec: tf.io.WeightsManifestEntry, weights: ArrayLike<number>) {
  if (spec.dtype !== 'float32')
    throw new Error(`quantizeUint8: expected ${spec.name} to be float32, got ${spec.dtype}`);
  const {codes, scale, min} = affineUint8(weights);
  return {codes, spec: {...spec, quantization: {dtype: 'uint8' as const, scale, min}}};
}

function rangeOf(values: ArrayLike<number>): {min: number; max: number} {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    min = Math.min(min, values[i]);
    max = Math.max(max, values[i]);
  }
  return {min, max};
}

/** As numpy rounds; for x ≥ 0. */
function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return x % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** What `model.save` would write. */
async function artifactsOf(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return {modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved)};
    }),
  );
  return artifacts;
}
