import {damagedFile} from '../errors.ts';
import type {KernelAdapter} from '../layers/adapter/kernelAdapter.ts';
import type {WeightSpec} from '../layers/adapter/layerAdapter.ts';
import {type Packing, partsOf} from '../numerics/coding/packing.ts';

/** How a packed layer stores one weight of the layer that it stands for: as it is, or as the arrays of a packing. */
export type StoredWeight = {readonly spec: WeightSpec; readonly kernel?: undefined} | StoredKernel;

/** A kernel that is stored packed. */
export interface StoredKernel {
  readonly spec: WeightSpec;
  readonly kernel: KernelAdapter;
  readonly packing: Packing;
}

/** An array among the weights of a packed layer. */
export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/**
 * How a packed layer stores the weights of the layer that it stands for, in their order.
 * @param packings one for each of the kernels, undefined for those that stay float32
 * @throws ArtifactError for a packing that does not fit its kernel
 */
export function storedWeights(
  layer: string,
  specs: readonly WeightSpec[],
  kernels: readonly KernelAdapter[],
  packings: ReadonlyArray<Packing | undefined>,
): StoredWeight[] {
  return specs.map((spec, weight) => {
    const k = kernels.findIndex((kernel) => kernel.weight === weight);
    const packing = packings.at(k < 0 ? packings.length : k);
    return packing ? storedKernel(layer, spec, kernels[k], packing) : {spec};
  });
}

/** The arrays that a weight is stored as. */
export function arraysOf(stored: StoredWeight): StoredArray[] {
  if (!stored.kernel) return [{...stored.spec, dtype: 'float32'}];
  const {
    kernel: {name},
    packing,
  } = stored;
  return partsOf(packing).map((part) => ({
    name: name === undefined ? part.name : `${name}_${part.name}`,
    shape: [part.length],
    dtype: part.dtype,
  }));
}

function storedKernel(layer: string, spec: WeightSpec, kernel: KernelAdapter, packing: Packing): StoredKernel {
  const {problems, features, neurons} = packing;
  const {shape} = spec;
  const size = kernel.matrixCount(shape) * kernel.neurons(shape) * kernel.features(shape);
  if (
    problems === kernel.matrixCount(shape) &&
    neurons === kernel.neurons(shape) &&
    problems * features * neurons === size
  )
    return {spec, kernel, packing};
  throw damagedFile(
    `layer '${layer}': expected packed weights of a kernel [${shape.join(', ')}], ` +
      `found ${problems} × ${features} × ${neurons}`,
  );
}
