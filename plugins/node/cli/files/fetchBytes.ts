import {Readable} from 'node:stream';
import {Failure, messageOf} from '../failure.ts';

/** How many bytes may still come, from all that is fetched with it. */
export interface Allowance {
  bytes: number;
}

/**
 * What a web server has at an address, all of it.
 * @param allowance of which its bytes are taken
 * @throws Failure if it has nothing there, cannot be reached, ends midway, or has more than is allowed
 */
export async function fetchBytes(url: string, allowance: Allowance): Promise<Buffer> {
  const answer = await fetch(url).catch((cause: unknown) => {
    throw new Failure(`expected a file at '${url}', could not reach the server: ${reasonOf(cause)}`, {cause});
  });
  if (!answer.ok)
    throw new Failure(`expected a file at '${url}', got the answer ${answer.status} ${answer.statusText}`.trim());
  try {
    const parts: Uint8Array[] = [];
    for await (const part of bodyOf(answer)) {
      allowance.bytes -= part.byteLength;
      if (allowance.bytes < 0) throw new Failure(`expected less at '${url}': it sends more bytes than the model needs`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(`expected all of the file at '${url}', but the connection ended midway: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** The body as it comes; leaving the loop ends the transfer. */
function bodyOf({body}: Response): AsyncIterable<Uint8Array> {
  return body ?? Readable.from([]);
}

/** `fetch` says why in the cause of its error. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
