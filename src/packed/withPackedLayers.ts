import type {Topology} from '../graph/cloneModel.ts';
import type {Packing} from '../numerics/packedMatrices.ts';
import {Packed} from './packed.ts';

/** Entries of a layer's configuration that its packed form keeps for itself. */
const OWN_ENTRIES = ['name', 'batch_input_shape', 'dtype'];

/** Entries of training: a packed layer is not trained, and five layers of them are more bytes than a small model's weights. */
const TRAINING_ENTRY = /^trainable$|_(initializer|regularizer|constraint)$/;

/**
 * A topology in which some layers are replaced by packed ones, those of nested models too.
 * @param packingOf the packing of the layer of that name, if it is packed
 */
export function withPackedLayers(topology: Topology, packingOf: (name: string) => Packing | undefined): Topology {
  return replaced(topology, packingOf) as Topology;
}

function replaced(json: unknown, packingOf: (name: string) => Packing | undefined): unknown {
  if (Array.isArray(json)) return json.map((item) => replaced(item, packingOf));
  if (typeof json !== 'object' || json === null) return json;
  const packing = isLayer(json) ? packingOf(json.config.name) : undefined;
  if (isLayer(json) && packing) {
    const own = entriesOf(json.config, (key) => OWN_ENTRIES.includes(key));
    const config = entriesOf(json.config, (key) => !OWN_ENTRIES.includes(key) && !TRAINING_ENTRY.test(key));
    return {...json, class_name: Packed.className, config: {...own, layer: {class_name: json.class_name, config}, packing}};
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, replaced(value, packingOf)]));
}

function entriesOf(config: object, isMeant: (key: string) => boolean): object {
  return Object.fromEntries(Object.entries(config).filter(([key]) => isMeant(key)));
}

function isLayer(json: object): json is {readonly class_name: string; readonly config: {readonly name: string}} {
  const config: unknown = Reflect.get(json, 'config');
  return 'class_name' in json && typeof config === 'object' && config !== null && 'name' in config && typeof config.name === 'string';
}
