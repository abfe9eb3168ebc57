import type {Tensor} from '@tensorflow/tfjs-core';
import {kernelName} from '../layers/registry.ts';
import type {Packed} from './packed.ts';
import type {StoredKernel} from './storedWeights.ts';

/** A packed kernel of a layer, its name in the model, and the tensors that it is stored as. */
export interface StoredKernelTensors {
  readonly name: string;
  readonly stored: StoredKernel;
  readonly tensors: readonly Tensor[];
}

/** The packed kernels of a packed layer. */
export function storedKernelsOf(layer: Packed): StoredKernelTensors[] {
  return layer.storage.flatMap(({stored, tensors}) =>
    stored.kernel ? [{name: kernelName(layer.name, stored.kernel), stored, tensors}] : [],
  );
}
