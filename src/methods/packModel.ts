import {type Tensor, tensor1d} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';
import {rebuildModel, topologyOf} from '../graph/cloneModel.ts';
import {layersOf} from '../graph/layersOf.ts';
import {adapterFor} from '../layers/index.ts';
import {Packed} from '../packed/packed.ts';
import {packLayer} from '../packed/packLayer.ts';
import {registerPacked} from '../packed/registerPacked.ts';
import {withPackedLayers} from '../packed/withPackedLayers.ts';
import {type PackedMatrices, partsOf, unpackedWeights, unpackMatrices} from '../numerics/packedMatrices.ts';
import type {CompressedLayer} from '../types.ts';

/**
 * A model of the same function whose compressed layers are `Packed`. The given model stays as it was.
 * @param pause awaited after each layer
 * @throws ModelError if the weights of a layer are no longer those that its stage gave it
 */
export async function packModel(model: LayersModel, compressed: readonly CompressedLayer[], pause: () => Promise<void> = () => Promise.resolve()): Promise<LayersModel> {
  registerPacked();
  const packed = new Map<string, PackedMatrices>();
  for (const layer of layersOf(model)) {
    const record = compressed.find(({name}) => name === layer.name);
    if (!record) continue;
    packed.set(layer.name, await packedWeights(layer, record));
    await pause();
  }
  return rebuildModel(model, {
    topology: withPackedLayers(topologyOf(model), (name) => packed.get(name)?.packing),
    weightsFor(layer, twin) {
      const weights = packed.get(layer.name);
      return twin instanceof Packed && weights ? [...arraysOf(weights), ...layer.getWeights().slice(1)] : layer.getWeights();
    },
  });
}

/** A layer's packing, which gives back its kernel bit by bit. */
async function packedWeights(layer: layers.Layer, record: CompressedLayer): Promise<PackedMatrices> {
  const adapter = adapterFor(layer);
  if (!adapter) throw new ModelError(`pack: expected layer '${layer.name}' to be a ${record.className}, found ${layer.getClassName()}; put pack() last, once`);
  const [kernel] = layer.getWeights();
  const found = await kernel.data<'float32'>();
  const weights = packLayer(record, adapter.toMatrices(found, kernel.shape));
  const unpacked = adapter.fromMatrices(unpackedWeights(weights.packing, unpackMatrices(weights.packing, weights.parts)), kernel.shape);
  const changed = found.findIndex((weight, i) => weight !== unpacked[i]);
  if (changed >= 0) {
    throw new ModelError(
      `pack: expected weight ${changed} of layer '${layer.name}' to be the letter ${unpacked[changed]} that its stage chose, found ${found[changed]}; ` +
      'the model was changed after it was compressed: compress it again');
  }
  return weights;
}

function arraysOf({packing, parts}: PackedMatrices): Tensor[] {
  return partsOf(packing).map(({name, dtype}) => tensor1d(parts[name] ?? [], dtype));
}
