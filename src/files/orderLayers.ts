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
 * Puts the layers of a functional model in an order in which each comes behind all that it takes inputs of: tfjs-layers
 * 4.22 goes through its list until all are called, once for every layer where a file lists them backwards, and for ever
 * where some wait for each other or for a call that no layer makes. Layers of a Sequential stay as they are.
 *
 * tfjs numbers the calls of a layer as it makes them, and others name them by that number. Behind all of its inputs a
 * layer makes its calls in the order of the file. Where layers are called on what came of their own output, no order
 * has all inputs in front: the list stays as it is.
 * @param layers is changed
 * @throws ArtifactError that names a layer whose inputs never come
 */
export function orderLayers(layers: unknown[]): void {
  const calls = callsOf(layers);
  requireCalls(calls);
  const places = placesOf(calls);
  if (places === undefined) return;
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

/** Refuses calls of which some can never be made, whatever the order (Kahn's algorithm). */
function requireCalls(calls: readonly GraphCall[]): void {
  const nameOf = (layer: string, call: number): string => `${call} ${layer}`;
  const made = new Map<string, number>();
  const {order, stuck} = inOrder(
    calls,
    ({inputs}) => inputs.map(([layer, call]) => nameOf(layer, call)),
    ({layer}) => {
      const call = made.get(layer) ?? 0;
      made.set(layer, call + 1);
      return nameOf(layer, call);
    },
  );
  if (order.length < calls.length) throw neverCome(stuck);
}

/** The place of each layer behind all that it takes inputs of; undefined where some depend on themselves. */
function placesOf(calls: readonly GraphCall[]): ReadonlyMap<unknown, number> | undefined {
  const inputs = new Map<string, string[]>();
  for (const call of calls) {
    const needed = inputs.get(call.layer) ?? [];
    for (const [layer] of call.inputs) needed.push(layer);
    inputs.set(call.layer, needed);
  }
  const {order} = inOrder(
    [...inputs],
    ([, needed]) => needed,
    ([layer]) => layer,
  );
  return order.length < inputs.size ? undefined : new Map(order.map(([layer], place) => [layer, place]));
}

/**
 * Items, each behind all that it needs; those that can never come, apart.
 * @param needsOf the names of what an item needs
 * @param given what is there once an item has come
 */
function inOrder<Item>(
  items: readonly Item[],
  needsOf: (item: Item) => readonly string[],
  given: (item: Item) => string,
): {readonly order: readonly Item[]; readonly stuck: readonly Item[]} {
  const missing = new Map<Item, number>();
  const waiting = new Map<string, Item[]>();
  for (const item of items) {
    const needs = needsOf(item);
    missing.set(item, needs.length);
    for (const name of needs) {
      const others = waiting.get(name);
      if (others) others.push(item);
      else waiting.set(name, [item]);
    }
  }
  const order = items.filter((item) => missing.get(item) === 0);
  for (const item of order)
    for (const next of waiting.get(given(item)) ?? []) {
      const left = (missing.get(next) ?? 0) - 1;
      missing.set(next, left);
      if (left === 0) order.push(next);
    }
  return {order, stuck: items.filter((item) => missing.get(item) !== 0)};
}

function neverCome([{layer, inputs}]: readonly GraphCall[]): Error {
  return damagedFile(
    `layer '${layer}': expected inputs that other layers give, found ${formatValue(inputs)}, which never come`,
  );
}
