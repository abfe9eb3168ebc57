import {Failure, messageOf} from './failure.ts';

/**
 * What a web server has at an address.
 * @throws Failure if it has nothing there, or cannot be reached
 */
export async function fetched(url: string): Promise<Response> {
  const answer = await fetch(url).catch((cause: unknown) => {
    const reason = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause);
    throw new Failure(`expected a file at '${url}', could not reach the server: ${reason}`, {cause});
  });
  if (answer.ok) return answer;
  throw new Failure(`expected a file at '${url}', got the answer ${answer.status} ${answer.statusText}`.trim());
}
