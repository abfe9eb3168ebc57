import {io} from '@tensorflow/tfjs-core';
import {OptionError} from '../errors.ts';

/**
 * Finds the one save handler of an address, or takes the given one.
 * @throws OptionError for a handler that cannot save
 */
export function findSaveHandler(where: string, handler: io.IOHandler | string): io.SaveHandler {
  const expected = 'an IOHandler with `save`, or a URL of one';
  const handlers = typeof handler === 'string' ? io.getSaveHandlers(handler) : [handler];
  const [first] = handlers;
  if (handlers.length !== 1 || typeof first?.save !== 'function')
    throw new OptionError(where, 'handler', expected, handler);
  const save = first.save;
  return (artifacts) => save.call(first, artifacts);
}
