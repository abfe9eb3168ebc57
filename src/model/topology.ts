import type {Topology} from './cloneModel.ts';

/** A layer in a topology, with the names that tfjs reads back. */
export interface LayerEntry {
  readonly class_name: string;
  readonly config: {readonly name: string} & Readonly<Record<string, unknown>>;
}

/**
 * Replaces layers of a topology, also those of nested models. Layers inside wrappers are not layers of the model.
 * @param replacement the new entry of a layer; undefined leaves it as it is
 */
export function mapTopology(topology: Topology, replacement: (entry: LayerEntry) => object | undefined): Topology {
  return {...mapObject(topology, replacement)};
}

function mapValue(json: unknown, replacement: (entry: LayerEntry) => object | undefined): unknown {
  if (Array.isArray(json)) return json.map((item) => mapValue(item, replacement));
  return typeof json === 'object' && json !== null ? mapObject(json, replacement) : json;
}

function mapObject(json: object, replacement: (entry: LayerEntry) => object | undefined): object {
  if (isLayer(json)) {
    const replaced = replacement(json);
    if (replaced) return replaced;
    if (!('layers' in json.config)) return json;
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, mapValue(value, replacement)]));
}

function isLayer(json: object): json is LayerEntry {
  if (!('class_name' in json && 'config' in json)) return false;
  const {config} = json;
  return typeof config === 'object' && config !== null && 'name' in config && typeof config.name === 'string';
}
