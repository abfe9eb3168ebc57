import type {io} from '@tensorflow/tfjs-core';
import {concatenate} from '../numerics/concatenate.ts';
import {sizeOf} from '../numerics/sizeOf.ts';
import {joinPayload} from './payload.ts';

/** Bytes of one number, by its type in a file. */
export const BYTES_PER_NUMBER = {float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2} as const;

/** A weight as a file describes it, and its bytes there. */
export interface WeightEntry {
  readonly spec: io.WeightsManifestEntry;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Splits the weights of artifacts, in their order. The bytes are copies. */
export function splitWeights({weightSpecs = [], weightData = []}: io.ModelArtifacts): WeightEntry[] {
  const payload = joinPayload(weightData);
  let from = 0;
  return weightSpecs.map((spec) => {
    const to = from + bytesOf(spec, payload, from);
    const entry = {spec, bytes: payload.slice(from, to)};
    from = to;
    return entry;
  });
}

/** Joins weights for artifacts; in one buffer, because tfjs 4.22 reads zeros from shards of certain sizes. */
export function joinWeights(entries: readonly WeightEntry[]): {
  readonly weightSpecs: io.WeightsManifestEntry[];
  readonly weightData: ArrayBuffer;
} {
  return {
    weightSpecs: entries.map(({spec}) => spec),
    weightData: concatenate(
      entries.map(({bytes}) => bytes),
      Uint8Array,
    ).buffer,
  };
}

/** Bytes of a weight. In those of strings each text is preceded by its length in four bytes. */
function bytesOf({shape, dtype, quantization}: io.WeightsManifestEntry, payload: Uint8Array, from: number): number {
  const size = sizeOf(shape);
  if (dtype !== 'string') return size * BYTES_PER_NUMBER[quantization?.dtype ?? dtype];
  const view = new DataView(payload.buffer, payload.byteOffset + from);
  let length = 0;
  for (let i = 0; i < size; i++) length += 4 + view.getUint32(length, true);
  return length;
}
