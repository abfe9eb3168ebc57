import {ArtifactError, formatValue} from '../errors.ts';

/**
 * Weights in one piece, whether they came in one or in several.
 *
 * tfjs-core 4.22 joins several pieces by itself, and reads zeros, without an error, if the last is the largest: it is not asked.
 * @param weightData an ArrayBuffer, a window into one, or a list of such
 * @throws ArtifactError for anything else
 */
export function joinPayload(weightData: unknown): Uint8Array<ArrayBuffer> {
  if (!Array.isArray(weightData)) return bytesOf(weightData);
  const parts = weightData.map(bytesOf);
  return parts.length === 1 ? parts[0] : concatenateBytes(parts);
}

/** Bytes one part after the other, in a buffer of their own. */
export function concatenateBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(parts.reduce((sum, {length}) => sum + length, 0));
  let to = 0;
  for (const part of parts) {
    payload.set(part, to);
    to += part.length;
  }
  return payload;
}

function bytesOf(part: unknown): Uint8Array<ArrayBuffer> {
  if (part instanceof ArrayBuffer) return new Uint8Array(part);
  if (ArrayBuffer.isView(part) && part.buffer instanceof ArrayBuffer)
    return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  throw new ArtifactError(
    `expected \`weightData\` to be an ArrayBuffer or a list of them, found ${formatValue(part)}; save the model with its weights`,
  );
}
