import {existsSync, readdirSync} from 'node:fs';
import {constants} from 'node:os';
import {dirname, join} from 'node:path';
import {BackendError} from '../../src/errors.ts';
import {importPeer} from './importPeer.ts';

/**
 * Gives this Node process a `navigator.gpu` that has an adapter, unless it has one already.
 *
 * The first that exists: the driver named by `VK_DRIVER_FILES` or `VK_ICD_FILENAMES`; the machine's own; Chromium's
 * SwiftShader.
 */
export async function startDawn(): Promise<void> {
  if ('navigator' in globalThis && 'gpu' in navigator) return;
  const {create, globals} = await importPeer('webgpu', () => import('webgpu'));
  Object.assign(globalThis, globals);
  const gpu = await firstWithAdapter(() => create([]));
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', {value: {}, configurable: true});
  Object.defineProperty(navigator, 'gpu', {value: gpu, configurable: true});
}

/** @throws BackendError that says which drivers would do, if there is no adapter */
export async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter({powerPreference: 'high-performance'});
  if (adapter) return adapter;
  throw new BackendError(
    `useWebGPU: expected a WebGPU adapter, found none (Vulkan driver: ${namedDriver() ?? 'none'}); ` +
      "install your GPU's Vulkan driver and Debian's 'libvulkan1', " +
      `or Debian's 'chromium' for its software driver, or set VK_DRIVER_FILES to the .json manifest of a Vulkan driver`,
  );
}

async function firstWithAdapter(create: () => GPU): Promise<GPU> {
  const named = namedDriver();
  if (named === undefined && hasOwnDriver()) {
    const gpu = create();
    if (await gpu.requestAdapter()) return gpu;
  }
  const driver = named ?? swiftShader();
  if (driver !== undefined) {
    process.env['VK_DRIVER_FILES'] = driver;
    loadVulkanLoader(dirname(driver));
  }
  const gpu = create();
  await requestAdapter(gpu);
  return gpu;
}

function namedDriver(): string | undefined {
  return process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'];
}

/** The manifest of the software driver that Chromium keeps beside its binary. */
function swiftShader(): string | undefined {
  const chosen = process.env['CHROMIUM_PATH'];
  return [...(chosen === undefined ? [] : [dirname(chosen)]), '/usr/lib/chromium', '/opt/google/chrome']
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((manifest) => existsSync(manifest));
}

function hasOwnDriver(): boolean {
  if (process.platform !== 'linux') return true;
  return [
    '/etc/vulkan/icd.d',
    '/usr/share/vulkan/icd.d',
    '/usr/local/share/vulkan/icd.d',
    '/run/opengl-driver/share/vulkan/icd.d',
  ].some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
}

/**
 * Dawn asks for `libvulkan.so.1` by name and takes one that the process has loaded already. Chromium brings its own, so
 * that Debian's `libvulkan1` need not be installed. Node loads a library only as an add-on: it refuses, but
 * RTLD_NODELETE keeps it.
 */
function loadVulkanLoader(folder: string): void {
  const loader = join(folder, 'libvulkan.so.1');
  if (process.platform !== 'linux' || !existsSync(loader)) return;
  const keepLoaded = 0x1000; // RTLD_NODELETE of <dlfcn.h> on Linux
  try {
    process.dlopen({exports: {}}, loader, constants.dlopen.RTLD_LAZY | keepLoaded);
  } catch {
    // "Module did not self-register". If the library really cannot be loaded, there is no adapter, which is
    // reported.
  }
}
