import {ArtifactError, formatValue} from '../errors.ts';
import {concatenate} from '../numerics/concatenate.ts';
import type {Artifacts} from './readArtifacts.ts';

/**
 * The weights of artifacts, whether they are there or come as a stream (`streamWeights` of tfjs).
 * @param bytes how many there should be; no more than one part beyond is read of a stream
 * @throws ArtifactError if there are none
 */
export async function readPayload(
  {weightData, getWeightStream}: Artifacts,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (weightData !== undefined || typeof getWeightStream !== 'function') return joinPayload(weightData);
  const stream: unknown = Reflect.apply(getWeightStream, undefined, []);
  if (!(stream instanceof ReadableStream))
    throw new ArtifactError(`expected \`getWeightStream\` to return a stream, got ${formatValue(stream)}`);
  const parts: unknown[] = [];
  const reader: ReadableStreamDefaultReader<unknown> = stream.getReader();
  try {
    for (let left = bytes; left >= 0;) {
      const {value, done} = await reader.read();
      if (done) break;
      left -= bytesOf(value).length;
      parts.push(value);
    }
  } finally {
    await reader.cancel();
  }
  return joinPayload(parts);
}

/**
 * Joins weights to one array, whether they came in one piece or in several.
 *
 * tfjs-core 4.22 could join them too, but reads zeros, without an error, if the last piece is the largest.
 * @param weightData an ArrayBuffer, a view of one, or a list of these
 * @throws ArtifactError for anything else
 */
export function joinPayload(weightData: unknown): Uint8Array<ArrayBuffer> {
  if (!Array.isArray(weightData)) return bytesOf(weightData);
  const parts = weightData.map(bytesOf);
  return parts.length === 1 ? parts[0] : concatenate(parts, Uint8Array);
}

function bytesOf(part: unknown): Uint8Array<ArrayBuffer> {
  if (part instanceof ArrayBuffer) return new Uint8Array(part);
  if (ArrayBuffer.isView(part) && part.buffer instanceof ArrayBuffer)
    return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  throw new ArtifactError(
    `expected \`weightData\` to be an ArrayBuffer or a list of them, found ${formatValue(part)}; ` +
      'save the model with its weights',
  );
}
