import type {LayersModel} from '@tensorflow/tfjs-layers';
import {packedBits} from '../numerics/alphabet.ts';
import type {Matrix} from '../numerics/matrix.ts';
import {packCodes} from '../numerics/packing.ts';
import type {CompressedLayer, PrunedLayer, QuantizedLayer} from '../types.ts';
import type {LayerReport, SizeReport} from './report.ts';

/**
 * A layer as it is packed. Letters: codes densely, then steps and offsets as float32. Where weights are pruned: one bit for each
 * weight, and codes, or float32 weights, of the kept ones alone.
 * @param values the weights, by problem
 */
export function packedLayer(layer: CompressedLayer, values: readonly Matrix[]): Uint8Array<ArrayBuffer> {
  const masks = layer.problems.map(({mask}) => mask);
  const plane = masks.every((mask) => mask === undefined) ? [] : packCodes(masks.flatMap((mask, p) => [...mask ?? values[p].data.map(() => 1)]), 1);
  return joined(Uint32Array.from(plane), ...(layer.kind === 'quantized' ? packedLetters(layer) : [keptFloats(layer, values)]));
}

function packedLetters({alphabet, problems}: QuantizedLayer): [Uint32Array, Float32Array] {
  const codes = problems.flatMap(({codes: all, mask}) => Array.from(mask ? all.filter((_, i) => mask[i] === 1) : all, (code) => code - alphabet.lowest));
  const numbers = problems.flatMap(({scales: {steps, offsets}}) => [...steps, ...offsets ?? []]);
  return [packCodes(codes, packedBits(alphabet)), Float32Array.from(numbers)];
}

function keptFloats({problems}: PrunedLayer, values: readonly Matrix[]): Float32Array {
  return Float32Array.from(problems.flatMap(({mask}, p) => [...values[p].data.filter((_, i) => mask[i] === 1)]));
}

function joined(...parts: ReadonlyArray<Uint32Array | Float32Array>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, {byteLength}) => sum + byteLength, 0));
  let to = 0;
  for (const {buffer, byteOffset, byteLength} of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), to);
    to += byteLength;
  }
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
