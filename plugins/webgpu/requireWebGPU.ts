import {getBackend, setBackend} from '@tensorflow/tfjs-core';
import {BackendError} from '../../src/errors.ts';

/**
 * Makes `'webgpu'` the active tfjs backend, or fails: where there is no adapter, tfjs alone would go on with the cpu.
 *
 * ```ts
 * import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
 * await requireWebGPU();
 * ```
 * @returns when the backend is active; at once if it already is
 * @throws BackendError if there is no WebGPU; the backend that was active stays so
 */
export async function requireWebGPU(): Promise<void> {
  const before: string | undefined = getBackend(); // undefined until a backend was used
  if (await activates('webgpu')) return;
  if (before !== undefined) await setBackend(before);
  throw new BackendError(
    "requireWebGPU: expected tfjs to activate the backend 'webgpu', found no WebGPU adapter; " +
      "in Node, call useWebGPU() of 'tfjs-compress/plugins/node' instead; " +
      'in a browser, use one with WebGPU, on a page of https: or localhost, ' +
      "or the backend 'wasm' of '@tensorflow/tfjs-backend-wasm'",
  );
}

/** tfjs throws for a backend that was never registered, as in Node, and answers false for one that does not start. */
async function activates(name: string): Promise<boolean> {
  try {
    return (await setBackend(name)) && getBackend() === name;
  } catch {
    return false;
  }
}
