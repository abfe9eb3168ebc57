import {ArtifactError, formatValue} from '../errors.ts';
import {concatenate} from '../numerics/concatenate.ts';

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
