import {expect} from 'chai';
import {DataError} from 'tfjs-compress';

/** The message of the DataError that opening ends with. */
export async function refusal(opening: Promise<unknown>): Promise<string> {
  const outcome: unknown = await opening.catch((error: unknown) => error);
  if (!(outcome instanceof DataError)) throw new Error('expected a DataError, got something else', {cause: outcome});
  expect(outcome.message).to.match(/: expected .*, got /);
  return outcome.message;
}
