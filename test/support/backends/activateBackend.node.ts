import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import {setBackend} from '@tensorflow/tfjs-core';
import {useWebGPU} from 'tfjs-compress/plugins/node';

export type BackendName = 'cpu' | 'wasm' | 'webgpu';

/** Makes a backend active, or fails; bundles for the browser take `activateBackend.browser.ts` instead. */
export async function activateBackend(name: BackendName): Promise<void> {
  if (name === 'webgpu') await useWebGPU();
  else if (!(await setBackend(name)))
    throw new Error(`expected tfjs to activate the backend '${name}'; see the warnings above`);
}
