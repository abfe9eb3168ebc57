import type {Topology} from './cloneModel.ts';

/** A layer in a topology, with the names that tfjs reads back. */
export interface LayerEntry {
  readonly class_name: string;
  readonly config: {readonly name: string} & Readonly<Record<string, unknown>>;
}

/**
 * A topology with other layers in the place of some, those of nested models too. Layers inside wrappers are no layers of the model.
 * @param replacement of a layer, or nothing where it stays
 */
export function mapTopology(topology: Topology, replacement: (entry: LayerEntry) => object | undefined): Topology {
  return mapEntry(topology, replacement) as Topology;
}

function mapEntry(json: unknown, replacement: (entry: LayerEntry) => object | undefined): unknown {
  if (Array.isArray(json)) return json.map((item) => mapEntry(item, replacement));
  if (typeof json !== 'object' || json === null) return json;
  if (isLayer(json)) {
    const replaced = replacement(json);
    if (replaced) return replaced;
    if (!('layers' in json.config)) return json;
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, mapEntry(value, replacement)]));
}

function isLayer(json: object): json is LayerEntry {
  const config: unknown = Reflect.get(json, 'config');
  return (
    'class_name' in json &&
    typeof config === 'object' &&
    config !== null &&
    'name' in config &&
    typeof config.name === 'string'
  );
}
