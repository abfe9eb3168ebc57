import {engine} from '@tensorflow/tfjs-core';

/** The bytes of the largest buffer that a kernel of the active backend can read: a WebGPU device says it, others have no limit. */
export function mostBufferBytes(): number {
  const limits = at(at(engine().backend, 'device'), 'limits');
  const most = at(limits, 'maxStorageBufferBindingSize');
  return typeof most === 'number' ? most : Infinity;
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
