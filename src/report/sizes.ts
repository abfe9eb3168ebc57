import type {LayersModel} from '@tensorflow/tfjs-layers';
import {packedBits} from '../numerics/alphabet.ts';
import {packCodes} from '../numerics/packing.ts';
import type {CompressedLayer} from '../types.ts';
import type {LayerReport, SizeReport} from './report.ts';

/** The codes and scales of a layer as they are packed: codes densely, scales as float32. */
export function packedLayer({alphabet, problems}: CompressedLayer): Uint8Array {
  const codes = problems.flatMap((problem) => Array.from(problem.codes, (code) => code - alphabet.lowest));
  const words = packCodes(codes, packedBits(alphabet));
  const steps = Float32Array.from(problems.flatMap(({scales}) => Array.from(scales.steps)));
  const bytes = new Uint8Array(words.byteLength + steps.byteLength);
  bytes.set(new Uint8Array(words.buffer), 0);
  bytes.set(new Uint8Array(steps.buffer), words.byteLength);
  return bytes;
}

/** How long bytes are after gzip. */
export async function gzipLength(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const zipped = new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip')));
  return (await zipped.arrayBuffer()).byteLength;
}

/** The sizes of a whole model: compressed layers packed, every other parameter float32. */
export function sizesOf(model: LayersModel, layers: readonly LayerReport[]): SizeReport {
  const parameters = model.countParams();
  const compressedWeights = layers.reduce((sum, {shape, problems}) => sum + shape[0] * shape[1] * problems, 0);
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
