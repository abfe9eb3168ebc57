import {type Tensor, tensor1d} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {kernelWeight} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import type {KernelAdapter} from '../../layers/adapter/kernelAdapter.ts';
import {kernelsOf} from '../../layers/registry.ts';
import {rebuildModel, topologyOf} from '../../model/cloneModel.ts';
import {layersOf} from '../../model/layersOf.ts';
import {type PackedMatrices, partsOf} from '../../numerics/coding/packing.ts';
import {unpackMatrices} from '../../numerics/coding/unpackMatrices.ts';
import {unpackWeights} from '../../numerics/coding/unpackWeights.ts';
import {immediately, type TaskRunner} from '../../numerics/task.ts';
import {Packed} from '../../packed/packed.ts';
import {packLayer} from '../../packed/packLayer.ts';
import {registerPacked} from '../../packed/registerPacked.ts';
import {withPackedLayers} from '../../packed/withPackedLayers.ts';
import type {CompressedLayer} from '../../records.ts';

/**
 * A model of the same function whose compressed layers are `Packed`. The given model stays as it was.
 * @param runner has a checkpoint after each layer
 * @throws ModelError if the weights of a layer changed since its compression
 */
export async function packModel(
  model: LayersModel,
  compressed: readonly CompressedLayer[],
  runner: TaskRunner = immediately,
): Promise<LayersModel> {
  registerPacked();
  const packed = new Map<string, readonly PackedWeight[]>();
  for (const layer of layersOf(model)) {
    const weights = await packedWeights(layer, compressed);
    if (weights.some((weight) => weight !== undefined)) packed.set(layer.name, weights);
    await runner.checkpoint();
  }
  return rebuildModel(model, {
    topology: withPackedLayers(topologyOf(model), (name) =>
      packed.get(name)?.map((weight) => weight?.matrices.packing),
    ),
    weightsFor(layer, counterpart) {
      const weights = packed.get(layer.name);
      if (!(counterpart instanceof Packed) || !weights) return layer.getWeights();
      return layer.getWeights().flatMap((weight, i) => {
        const kernel = weights.find((one) => one?.weight === i);
        return kernel ? arraysOf(kernel.matrices) : [weight];
      });
    },
  });
}

/** A packed kernel of a layer, or undefined if no stage compressed it. */
type PackedWeight = {readonly weight: number; readonly matrices: PackedMatrices} | undefined;

async function packedWeights(layer: layers.Layer, compressed: readonly CompressedLayer[]): Promise<PackedWeight[]> {
  const weights: PackedWeight[] = [];
  for (const {name, kernel} of kernelsOf(layer)) {
    const record = compressed.find((one) => one.name === name);
    weights.push(
      record && {weight: kernel.weight, matrices: await packedKernel(kernelWeight(layer, kernel), kernel, record)},
    );
  }
  return weights;
}

/** A kernel as packed matrices, from which its weights can be restored bit by bit. */
async function packedKernel(weight: Tensor, kernel: KernelAdapter, record: CompressedLayer): Promise<PackedMatrices> {
  const found = await weight.data<'float32'>();
  const packed = packLayer(record, kernel.toMatrices(found, weight.shape));
  const unpacked = kernel.fromMatrices(
    unpackWeights(packed.packing, unpackMatrices(packed.packing, packed.parts)),
    weight.shape,
  );
  const changed = found.findIndex((value, i) => value !== unpacked[i]);
  if (changed < 0) return packed;
  throw new ModelError(
    `pack: expected weight ${changed} of layer '${record.name}' to be the letter ${unpacked[changed]} ` +
      `that its stage chose, found ${found[changed]}; ` +
      'the model was changed after it was compressed: compress it again',
  );
}

function arraysOf({packing, parts}: PackedMatrices): Tensor[] {
  return partsOf(packing).map(({name, dtype}) => tensor1d(parts[name] ?? [], dtype));
}
