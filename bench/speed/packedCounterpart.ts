import * as tf from '@tensorflow/tfjs';
import {partsOf} from '../../src/numerics/coding/packing.ts';
import {packMatrices} from '../../src/numerics/coding/packMatrices.ts';
import {uniformAt} from '../../src/numerics/random.ts';
import {Packed} from '../../src/packed/packed.ts';
import {createLayer} from '../../src/tfjsInternals.ts';

/** A layer of tfjs, as it is built. */
export interface MeasuredLayer {
  readonly className: string;
  readonly config: tf.serialization.ConfigDict;
  readonly inputShape: readonly number[];
}

/** A model of one layer, the same packed, and what the weights of each take on a device. */
export interface PackedCounterpart {
  readonly float: tf.LayersModel;
  readonly packed: tf.LayersModel;
  readonly packedBytes: number;
  readonly floatBytes: number;
}

/** A layer of tfjs, and one of the same shape with random letters. */
export function packedCounterpart(
  {className, config, inputShape}: MeasuredLayer,
  bits: number,
  group?: number,
): PackedCounterpart {
  const wrapped = {className, config: {...config, name: className.toLowerCase(), useBias: false}};
  const batchInputShape = [null, ...inputShape];
  const float = tf.sequential({layers: [createLayer(className, {...wrapped.config, batchInputShape})]});
  const [kernel] = float.getWeights();
  const neurons = kernel.shape[kernel.rank - 1];
  const features = kernel.size / neurons;
  const groupSize = group ?? features;
  const levels = 2 ** bits;
  const codes = Uint8Array.from({length: kernel.size}, (_, i) => Math.floor(uniformAt(1, 0, i, 0) * levels));
  const steps = new Float32Array(Math.ceil(features / groupSize) * neurons).fill(1 / Math.sqrt(features));
  const {packing, parts} = packMatrices(
    {problems: 1, features, neurons, letters: {levels, origin: -(levels - 1) / 2, groupSize, offsets: false}},
    {codes, steps},
  );
  const layer = new Packed({name: 'packed', batchInputShape, layer: wrapped, packings: [packing]});
  const packed = tf.sequential({layers: [layer]});
  tf.tidy(() => {
    layer.setWeights(partsOf(packing).map(({name, dtype}) => tf.tensor1d(parts[name] ?? [], dtype)));
  });
  return {float, packed, packedBytes: (kernel.size * bits) / 8 + 4 * steps.length, floatBytes: 4 * kernel.size};
}
