import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorMap,
  registerKernel,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** What these kernels need of tfjs's cpu backend. */
export interface CpuBackend {
  readonly data: {get(dataId: object): {readonly values: ArrayLike<number>}};
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/**
 * One implementation of an op on one backend, with the inputs and attributes that it declares.
 * @typeParam Inputs the named tensors the op is called with
 * @typeParam Attrs its plain-value arguments
 * @typeParam Backend the part of the backend that the kernel uses
 */
export interface BackendKernel<Inputs extends object, Attrs extends object, Backend = unknown> {
  readonly kernelName: string;
  readonly backendName: string;
  readonly kernelFunc: (call: {inputs: Inputs; attrs: Attrs; backend: Backend}) => TensorInfo | TensorInfo[];
}

/** A typed kernel as tfjs registers it; tfjs's own types know inputs and attributes by name only. */
export function defineKernel<Inputs extends object, Attrs extends object, Backend = unknown>(
  kernel: BackendKernel<Inputs, Attrs, Backend>,
): KernelConfig {
  return {...kernel, kernelFunc: kernel.kernelFunc as unknown as KernelFunc};
}

/** Registers each kernel that its backend does not have yet, so that importing a plugin twice is harmless. */
export function registerMissing(kernels: readonly KernelConfig[]): void {
  for (const kernel of kernels) {
    if (!getKernel(kernel.kernelName, kernel.backendName)) registerKernel(kernel);
  }
}

/** Tensors as the `inputs` of `engine().runKernel`. */
export function backendInputs(tensors: Readonly<Record<string, Tensor>>): NamedTensorMap {
  return {...tensors};
}

/** Plain values as the `attrs` of `engine().runKernel`, whose type leaves out typed arrays. */
export function backendAttrs(attrs: object): NamedAttrMap {
  return attrs as unknown as NamedAttrMap;
}

/**
 * The values of a tensor that no kernel has read: on every backend they are still on the host, so that reading them now
 * is no round trip to a device (which WebGPU could not make).
 */
export function hostValues(tensor: Tensor): Int32Array | Float32Array {
  return tensor.dataSync() as Int32Array | Float32Array;
}
