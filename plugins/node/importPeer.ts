import {BackendError} from '../../src/errors.ts';

/**
 * Loads an optional peer dependency.
 * @throws BackendError that names the package to install, if it is missing
 */
export async function importPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new BackendError(
      `expected the optional package '${name}', which could not be loaded; run: npm install ${name}`,
      {cause},
    );
  }
}
