import {tensor, tidy, where as select, zerosLike} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';
import type {KernelAdapter} from '../layers/adapter/kernelAdapter.ts';
import {kernelsOf} from '../layers/registry.ts';
import {layersOf} from '../model/layersOf.ts';
import {matrix} from '../numerics/linalg/matrix.ts';
import {requireUnpacked} from '../packed/requireUnpacked.ts';
import type {CompressedLayer} from '../records.ts';

/** The kept weights of a layer's kernel. */
export interface KeptMask {
  readonly layer: layers.Layer;
  /** The index of the kernel among the layer's weights. */
  readonly weight: number;
  /** In the order of the kernel: 1 keeps a weight, 0 prunes it. */
  readonly kept: Uint8Array;
}

/** The layers with pruned weights. */
export function selectPruned(compressed: readonly CompressedLayer[]): CompressedLayer[] {
  return compressed.filter(({matrices}) => matrices.some(({mask}) => mask?.includes(0)));
}

/**
 * Collects the masks of pruned layers for a model that has these layers: the compressed one, or a copy of it.
 * @param where the callback, for messages
 * @throws ModelError if a layer is missing, has another shape, or is packed
 */
export function collectKeptMasks(
  where: string,
  compressed: readonly CompressedLayer[],
  model: LayersModel,
): KeptMask[] {
  requireUnpacked(where, model, 'packed weights do not train: train first, pack() last');
  const all = layersOf(model).flatMap((layer) => [
    ...kernelsOf(layer).map((kernel) => ({layer, ...kernel})),
    {layer, name: layer.name, kernel: undefined},
  ]);
  return selectPruned(compressed).map((one) => {
    const found = all.find(({name}) => name === one.name);
    if (!found) {
      throw new ModelError(
        `${where}: expected the compressed model to be trained, got '${model.name}' without the layer ` +
          `'${one.name}'; call fit on compression.model`,
      );
    }
    return keptMaskOf(where, one, found);
  });
}

/**
 * Sets pruned weights to 0, also where they are NaN. No mask stays in the backend's memory: a training that fails does
 * not tell its callbacks, so masks that waited for its end would never be freed.
 */
export function keepZeros(masks: readonly KeptMask[]): void {
  for (const {layer, weight, kept} of masks) {
    tidy(() => {
      const kernel = layer.weights[weight];
      const values = kernel.read();
      kernel.write(select(tensor(kept, values.shape, 'bool'), values, zerosLike(values)));
    });
  }
}

/**
 * Refuses a model with other weights, which masks that were not made for it would ruin.
 * @throws ModelError if a pruned weight is not 0
 */
export async function requireZeros(where: string, masks: readonly KeptMask[]): Promise<void> {
  for (const {layer, weight, kept} of masks) {
    const values = await layer.weights[weight].read().data();
    const wrong = kept.findIndex((keeps, i) => keeps === 0 && values[i] !== 0);
    if (wrong >= 0) {
      throw new ModelError(
        `${where}: expected the pruned weights of layer '${layer.name}' to be 0, found ${values[wrong]}; ` +
          'call fit on compression.model, not on the original',
      );
    }
  }
}

function keptMaskOf(
  where: string,
  {name, className, matrices: records}: CompressedLayer,
  {layer, kernel}: {readonly layer: layers.Layer; readonly kernel: KernelAdapter | undefined},
): KeptMask {
  const shape = layer.weights.at(kernel?.weight ?? 0)?.shape.map(Number) ?? [];
  const [{features, neurons}] = records;
  const fits =
    layer.getClassName() === className &&
    kernel?.matrixCount(shape) === records.length &&
    kernel.features(shape) === features &&
    kernel.neurons(shape) === neurons;
  if (!fits) {
    throw new ModelError(
      `${where}: expected layer '${name}' to be a ${className} with ${records.length} × [${features}, ${neurons}] ` +
        'weights, ' +
        `got a ${layer.getClassName()} with a kernel of shape [${shape.join(', ')}]; call fit on compression.model`,
    );
  }
  const matrices = records.map(({mask}) =>
    matrix(features, neurons, mask ? Float64Array.from(mask) : new Float64Array(features * neurons).fill(1)),
  );
  return {layer, weight: kernel.weight, kept: Uint8Array.from(kernel.fromMatrices(matrices, shape))};
}
