import type {LayersModel} from '@tensorflow/tfjs-layers';
import {partsOf} from '../numerics/coding/packing.ts';
import {concatenate} from '../numerics/concatenate.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';
import {packLayer} from '../packed/packLayer.ts';
import type {CompressedLayer} from '../records.ts';
import type {LayerReport} from './layerReport.ts';
import type {SizeReport} from './reportRecords.ts';

/**
 * The bytes of a layer's weight matrix in a packed file: codes of the kept weights, steps, offsets, mask.
 * @param values the weights, by problem
 */
export function packedLayer(layer: CompressedLayer, values: readonly Matrix[]): Uint8Array<ArrayBuffer> {
  const {packing, parts} = packLayer(layer, values);
  const arrays = partsOf(packing).map(({name}) => parts[name] ?? new Int32Array(0));
  return concatenate(
    arrays.map(({buffer, byteOffset, byteLength}) => new Uint8Array(buffer, byteOffset, byteLength)),
    Uint8Array,
  );
}

/** The length of bytes after gzip. */
export async function gzipLength(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const zipped = new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip')));
  return (await zipped.arrayBuffer()).byteLength;
}

/** The sizes of a whole model: compressed layers packed, every other parameter float32. */
export function sizesOf(model: LayersModel, layers: readonly LayerReport[]): SizeReport {
  const parameters = model.countParams();
  const compressedWeights = layers.reduce((sum, {weights}) => sum + weights, 0);
  const packed = layers.reduce((sum, {bytes}) => sum + bytes, 0);
  const zipped = layers.reduce((sum, {gzipBytes}) => sum + gzipBytes, 0);
  const rest = 4 * (parameters - compressedWeights);
  return {
    compressedWeights,
    parameters,
    bitsPerWeight: compressedWeights > 0 ? (8 * packed) / compressedWeights : 32,
    bytesBefore: 4 * parameters,
    bytesAfter: packed + rest,
    gzipBytesAfter: zipped + rest,
  };
}
