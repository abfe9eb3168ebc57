import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {backend, getBackend, memory, setBackend} from '@tensorflow/tfjs-core';
import {activateBackend, type BackendName} from './activateBackend.node.ts';

/**
 * Describes the same suite once per backend, in Node or in a browser.
 *
 * A suite fails if its backend is missing, if it leaves a tensor behind, or if WebGPU finds a command invalid: WebGPU
 * itself would go on and give garbage.
 */
export function onBackends(names: readonly BackendName[], define: (name: BackendName) => void): void {
  for (const name of names) {
    describe(`on ${name}`, () => {
      let start: {readonly backendName: string; readonly tensors: number} | undefined;

      before(async () => {
        const backendName = (getBackend() as string | undefined) ?? name; // undefined until a backend was used
        await activateBackend(name);
        start = {backendName, tensors: memory().numTensors};
      });
      if (name === 'webgpu') failOnInvalidCommands();

      define(name);

      after(async () => {
        if (start === undefined) return; // the backend is missing, which the hook above has reported
        const left = memory().numTensors - start.tensors;
        await setBackend(start.backendName);
        if (left !== 0)
          throw new Error(`expected the suite to leave no tensor behind, found ${String(left)} more than before it`);
      });
    });
  }
}

function failOnInvalidCommands(): void {
  beforeEach(() => {
    webgpu().device.pushErrorScope('validation');
  });
  afterEach(async () => {
    const error = await webgpu().device.popErrorScope();
    if (error) throw new Error(`WebGPU found a command invalid, so that its results are garbage: ${error.message}`);
  });
}

function webgpu(): WebGPUBackend {
  return backend() as WebGPUBackend;
}
