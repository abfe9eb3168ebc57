import {deviceLimit} from '../tfjsInternals.ts';

/** Bytes of the largest buffer that a kernel of the active backend can read; only WebGPU devices have a limit. */
export function maxBufferBytes(): number {
  return deviceLimit('maxStorageBufferBindingSize') ?? Infinity;
}
