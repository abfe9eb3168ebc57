import {Failure, messageOf} from '../failure.ts';

/**
 * What a web server has at an address, all of it.
 * @throws Failure if it has nothing there, cannot be reached, or ends midway
 */
export async function fetchBytes(url: string): Promise<Buffer> {
  const answer = await fetch(url).catch((cause: unknown) => {
    throw new Failure(`expected a file at '${url}', could not reach the server: ${reasonOf(cause)}`, {cause});
  });
  if (!answer.ok)
    throw new Failure(`expected a file at '${url}', got the answer ${answer.status} ${answer.statusText}`.trim());
  try {
    return Buffer.from(await answer.arrayBuffer());
  } catch (cause) {
    throw new Failure(`expected all of the file at '${url}', but the connection ended midway: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** `fetch` says why in the cause of its error. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
