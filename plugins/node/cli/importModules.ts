import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {Failure, messageOf} from './failure.ts';

/**
 * Imports modules for what they do: register custom layers.
 * @param names paths, or packages as the working folder knows them
 * @throws Failure
 */
export async function importModules(names: readonly string[] = []): Promise<void> {
  for (const name of names) {
    try {
      await import(addressOf(name));
    } catch (cause) {
      throw new Failure(
        `--import ${name}: expected a module that can be imported, got: ${messageOf(cause).split('\n')[0]}`,
        {cause},
      );
    }
  }
}

function addressOf(name: string): string {
  const path = resolve(name);
  return pathToFileURL(existsSync(path) ? path : createRequire(resolve('package.json')).resolve(name)).href;
}
