import wasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import {memory, setBackend} from '@tensorflow/tfjs-core';

/** What computes. */
export type Backend = 'webgpu' | 'wasm';

/** Activates WebGPU, or WebAssembly where the browser has no adapter for it. Only what is used is downloaded. */
export async function startBackend(): Promise<Backend> {
  if (await hasWebGPU()) {
    const {requireWebGPU} = await import('tfjs-compress/plugins/webgpu');
    await requireWebGPU(); // tfjs alone would go on with a slow backend if it failed
    return 'webgpu';
  }
  const {setWasmPaths} = await import('@tensorflow/tfjs-backend-wasm');
  await import('tfjs-compress/plugins/wasm'); // brings the gradients of convolutions, which tfjs's wasm backend lacks
  setWasmPaths({
    'tfjs-backend-wasm.wasm': wasm,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  });
  if (!(await setBackend('wasm')))
    throw new Error(
      'Neither WebGPU nor WebAssembly starts in this browser. Another browser, or its newest version, will do.',
    );
  return 'wasm';
}

/** Tensors that are alive: after a cancelled job as many as before it. */
export function tensorsInMemory(): number {
  return memory().numTensors;
}

async function hasWebGPU(): Promise<boolean> {
  return 'gpu' in navigator && (await navigator.gpu.requestAdapter()) !== null;
}
