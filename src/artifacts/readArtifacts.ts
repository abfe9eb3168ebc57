import {io} from '@tensorflow/tfjs-core';
import {ArtifactError, messageOf} from '../errors.ts';

/** The unchecked result of a handler. */
export type Artifacts = Readonly<Record<string, unknown>>;

/**
 * Reads the artifacts at an address, or those of a handler.
 * @throws ArtifactError if they cannot be read
 */
export async function readArtifacts(source: string | io.IOHandler): Promise<Artifacts> {
  const handler = typeof source === 'string' ? handlerOf(source) : source;
  if (typeof handler.load !== 'function')
    throw new ArtifactError('expected a handler with `load`, found none; give an address or a handler that can load');
  const artifacts: unknown = await withLoadErrors(() => handler.load?.());
  if (typeof artifacts !== 'object' || artifacts === null)
    throw new ArtifactError(
      `expected the handler to give a model, got ${String(artifacts)}; is there a model at this place?`,
    );
  return {...artifacts};
}

function handlerOf(url: string): io.IOHandler {
  const handlers = io.getLoadHandlers(url);
  // tfjs takes an address without a handler as relative to the page.
  if (handlers.length === 0) return io.browserHTTPRequest(url);
  if (handlers.length === 1) return handlers[0];
  throw new ArtifactError(
    `expected one handler for this address, found ${handlers.length}; unregister the others or give the handler itself`,
  );
}

async function withLoadErrors<Result>(read: () => Result): Promise<Awaited<Result>> {
  try {
    return await read();
  } catch (cause) {
    throw new ArtifactError(
      `expected a model.json and its weights, got: ${messageOf(cause)}; is there a model at this place? ` +
        'Files in Node need fileHandler of tfjs-compress/plugins/node',
      {cause},
    );
  }
}
