import {engine} from '@tensorflow/tfjs-core';

/** The bytes of the largest buffer that a kernel of the active backend can read: a WebGPU device says it, others have no limit. */
export function maxBufferBytes(): number {
  const limits = numberAt(numberAt(engine().backend, 'device'), 'limits');
  const max = numberAt(limits, 'maxStorageBufferBindingSize');
  return typeof max === 'number' ? max : Infinity;
}

function numberAt(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
