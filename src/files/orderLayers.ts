import {damagedFile, formatValue} from '../errors.ts';
import {isList, tfjsEntries} from './topologyEntries.ts';

/** A call of a layer in a graph, which waits for calls of others. */
interface GraphCall {
  readonly layer: string;
  /** The layers whose calls it takes, and the index of each call. */
  readonly inputs: ReadonlyArray<readonly [layer: string, call: number]>;
}

/** Classes that are called once when constructed. */
const CALLED_AT_CONSTRUCTION: readonly unknown[] = ['InputLayer', 'Model', 'Functional', 'Sequential'];

/**
 * Puts the layers of a functional model in the order in which they can be called: tfjs-layers 4.22 goes through its
 * list until all are, once for every layer where a file lists them backwards, and for ever where some wait for each
 * other or for a call that no layer makes. Layers of a Sequential stay as they are.
 * @param layers is changed
 * @throws ArtifactError that names a layer whose inputs never come
 */
export function orderLayers(layers: unknown[]): void {
  const calls = callsOf(layers);
  const places = new Map<unknown, number>();
  for (const layer of orderOf(calls)) if (!places.has(layer)) places.set(layer, places.size);
  const placeOf = (layer: unknown): number => places.get(tfjsEntries(layer)['name']) ?? -1;
  const ordered = layers.map((layer) => [placeOf(layer), layer] as const).sort(([a], [b]) => a - b);
  for (const [at, [, layer]] of ordered.entries()) layers[at] = layer;
}

/** The calls of the layers of a functional model. */
function callsOf(layers: readonly unknown[]): GraphCall[] {
  const names = new Set<string>();
  return layers.flatMap((layer) => {
    const {name, className, config, inboundNodes} = tfjsEntries(layer);
    if (!isList(inboundNodes)) return []; // a layer of a Sequential; otherwise tfjs refuses it
    const {name: own} = tfjsEntries(config);
    if (typeof name !== 'string' || own !== name || names.has(name)) {
      throw damagedFile(
        `layer ${formatValue(name)}: expected a name of its own, the same in its configuration, found ` +
          formatValue(own),
      );
    }
    names.add(name);
    const calls = inboundNodes
      .map((node) => ({layer: name, inputs: inputsOf(name, node)}))
      .filter(({inputs}) => inputs.length > 0);
    return CALLED_AT_CONSTRUCTION.includes(className) ? [{layer: name, inputs: []}, ...calls] : calls;
  });
}

function inputsOf(layer: string, node: unknown): Array<readonly [string, number]> {
  if (!isList(node))
    throw damagedFile(`layer '${layer}': expected each of its inbound nodes to be a list, found ${formatValue(node)}`);
  return node.map((input) => {
    const [from, call] = isList(input) ? input : [];
    if (typeof from === 'string' && typeof call === 'number' && Number.isInteger(call) && call >= 0)
      return [from, call];
    throw damagedFile(`layer '${layer}': expected an input to be [layer, call, output], found ${formatValue(input)}`);
  });
}

/**
 * The layers in the order of their calls (Kahn's algorithm). The calls of one layer are numbered in the order in which
 * they are made, as tfjs numbers them.
 */
function orderOf(calls: readonly GraphCall[]): string[] {
  const missing = calls.map(({inputs}) => inputs.length);
  const waiting = new Map<string, number[]>();
  calls.forEach(({inputs}, at) => {
    for (const [layer, call] of inputs) {
      const key = `${call} ${layer}`;
      const others = waiting.get(key);
      if (others) others.push(at);
      else waiting.set(key, [at]);
    }
  });
  const made = new Map<string, number>();
  const order = [...calls.keys()].filter((at) => missing[at] === 0);
  for (const at of order) {
    const {layer} = calls[at];
    const call = made.get(layer) ?? 0;
    made.set(layer, call + 1);
    for (const next of waiting.get(`${call} ${layer}`) ?? []) if (--missing[next] === 0) order.push(next);
  }
  if (order.length < calls.length) throw neverCome(calls.filter((_, at) => missing[at] > 0));
  return order.map((at) => calls[at].layer);
}

function neverCome([{layer, inputs}]: readonly GraphCall[]): Error {
  return damagedFile(
    `layer '${layer}': expected inputs that other layers give, found ${formatValue(inputs)}, which never come`,
  );
}
