import {findBackendFactory, getBackend, registerBackend, setBackend} from '@tensorflow/tfjs-core';
import {BackendError} from '../../src/errors.ts';
import {importPeer} from './importPeer.ts';
import {requestAdapter, startDawn} from './startDawn.ts';

/**
 * Makes `'webgpu'` the active tfjs backend of a Node program, as it would be in a browser.
 *
 * Dawn, the WebGPU implementation of Chromium, runs inside the process (npm `webgpu`). It uses the machine's Vulkan
 * driver, or, where there is none, SwiftShader: right, but slow. Modules that import the backend may be loaded before
 * or after.
 *
 * @example
 * ```ts
 * import {useWebGPU} from 'tfjs-compress/plugins/node';
 * await useWebGPU();
 * ```
 * @returns when the backend is active; at once if it already is
 * @throws BackendError if `webgpu` or `@tensorflow/tfjs-backend-webgpu` is not installed, or if no adapter is found
 */
export async function useWebGPU(): Promise<void> {
  if (getBackend() === 'webgpu') return;
  await startDawn();
  const {WebGPUBackend} = await importPeer(
    '@tensorflow/tfjs-backend-webgpu',
    () => import('@tensorflow/tfjs-backend-webgpu'),
  );
  // tfjs registers the backend only if its module was first loaded after navigator.gpu existed.
  if (!isRegistered('webgpu')) {
    registerBackend('webgpu', async () => {
      const adapter = await requestAdapter(navigator.gpu);
      return new WebGPUBackend(await adapter.requestDevice(deviceFor(adapter)), adapter.info);
    });
  }
  // Without an adapter tfjs answers false, and would run on the cpu from then on.
  const active = await setBackend('webgpu');
  if (!active || getBackend() !== 'webgpu') {
    throw new BackendError(
      `useWebGPU: expected tfjs to activate the backend 'webgpu', got '${getBackend()}'; see the warnings above`,
    );
  }
}

function isRegistered(backendName: string): boolean {
  const factory: unknown = findBackendFactory(backendName); // null if there is none, whatever its type says
  return typeof factory === 'function';
}

/** The features and limits that tfjs asks for in `tfjs-backend-webgpu/src/base.ts`. */
function deviceFor({features, limits}: GPUAdapter): GPUDeviceDescriptor {
  return {
    requiredFeatures: (['timestamp-query', 'bgra8unorm-storage'] as const).filter((feature) => features.has(feature)),
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  };
}
