import type {Topology} from '../model/cloneModel.ts';
import {type LayerEntry, mapTopology} from '../model/topology.ts';
import type {Packing} from '../numerics/coding/packing.ts';
import {Packed} from './packed.ts';

/** Entries of a layer's configuration that become the packed layer's own. */
const OWN_ENTRIES = ['name', 'batch_input_shape', 'dtype'];

/**
 * Entries for training, left out: a packed layer is not trained, and in a small model they take more bytes than
 * weights.
 */
const TRAINING_ENTRY = /^trainable$|_(initializer|regularizer|constraint)$/;

/**
 * A topology in which some layers, those of nested models included, are replaced by packed ones.
 * @param packingsOf the packings of the layer with that name, by kernel, if it is packed
 */
export function withPackedLayers(
  topology: Topology,
  packingsOf: (name: string) => ReadonlyArray<Packing | undefined> | undefined,
): Topology {
  return mapTopology(topology, (entry) => {
    const packings = packingsOf(entry.config.name);
    return packings && packedEntry(entry, packings);
  });
}

function packedEntry(json: LayerEntry, packings: ReadonlyArray<Packing | undefined>): object {
  const own = entriesOf(json.config, (key) => OWN_ENTRIES.includes(key));
  const config = withoutTrainingConfig(entriesOf(json.config, (key) => !OWN_ENTRIES.includes(key)));
  return {
    ...json,
    class_name: Packed.className,
    config: {
      ...own,
      layer: {class_name: json.class_name, config},
      packings: packings.map((packing) => packing ?? null),
    },
  };
}

/** Leaves out what only training needs, also in wrapped layers. */
function withoutTrainingConfig(json: unknown): unknown {
  if (Array.isArray(json) || typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => !TRAINING_ENTRY.test(key))
      .map(([key, value]) => [key, withoutTrainingConfig(value)]),
  );
}

function entriesOf(config: object, isWanted: (key: string) => boolean): object {
  return Object.fromEntries(Object.entries(config).filter(([key]) => isWanted(key)));
}
