import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
import {getBackend, setBackend} from '@tensorflow/tfjs-core';
import type {BackendName} from './activateBackend.node.ts';

setWasmPaths('/wasm/');

/** Makes a backend active, or fails: where navigator.gpu has no adapter, tfjs would go on with the cpu. */
export async function activateBackend(name: BackendName): Promise<void> {
  const active = await setBackend(name);
  if (!active || getBackend() !== name)
    throw new Error(`expected tfjs to activate the backend '${name}', got '${getBackend()}'`);
}
