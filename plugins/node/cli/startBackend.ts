import {setBackend} from '@tensorflow/tfjs-core';
import type {RunOptions} from './commands/sharedOptions.ts';
import {Failure, messageOf} from './failure.ts';

/**
 * Makes a backend of tfjs the active one.
 * @throws Failure that names the package to install
 */
export async function startBackend(name: RunOptions['backend']): Promise<void> {
  if (name === 'webgpu') {
    const {useWebGPU} = await import('tfjs-compress/plugins/node');
    await useWebGPU();
    await import('tfjs-compress/plugins/webgpu');
    return;
  }
  await importInstalled(`@tensorflow/tfjs-backend-${name}`, async () =>
    name === 'wasm' ? import('@tensorflow/tfjs-backend-wasm') : import('@tensorflow/tfjs-backend-cpu'),
  );
  if (!(await setBackend(name)))
    throw new Failure(`--backend ${name}: expected tfjs to start it, which it did not; see the warnings above`);
}

/**
 * Loads a package that is not always installed.
 * @throws Failure that says how to get it
 */
export async function importInstalled<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new Failure(
      `expected the package '${name}', which could not be loaded (${messageOf(cause)}); run: npm install ${name}`,
      {cause},
    );
  }
}
