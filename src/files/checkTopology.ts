import {ArtifactError, damagedFile, formatValue} from '../errors.ts';

/**
 * Refuses topologies that would hang tfjs or exhaust memory while it builds a model: a graph whose layers wait for each
 * other, or for a call that no layer makes (tfjs-layers 4.22 waits forever); nested models that call each other so
 * often that building would not end; and recurrent layers that keep states (tfjs allocates them by a batch size from
 * the topology).
 * @param json a topology or a part of one
 * @throws ArtifactError that names the layer
 */
export function checkTopology(json: unknown): void {
  const calls = callsIn(json);
  if (calls > MAX_CALLS)
    throw damagedFile(`expected at most ${MAX_CALLS} calls of layers, found ${calls} through models in models`);
}

/** Far more than any model has; tfjs makes that many in a second. */
const MAX_CALLS = 100_000;

/** The number of calls of layers while tfjs builds: a nested model calls all its layers at every call. */
function callsIn(json: unknown): number {
  if (isList(json)) return json.reduce<number>((sum, item) => sum + callsIn(item), 0);
  const entries = tfjsEntries(json);
  const {stateful, layers, inboundNodes} = entries;
  if (stateful === true) {
    throw new ArtifactError(
      `layer ${formatValue(entries['name'])}: expected \`stateful\` to be false, found true; ` +
        'call registerPacked() and load the model with tf.loadLayersModel if you trust it',
    );
  }
  if (isList(layers)) requireOrder(callsOf(layers));
  const inner = callsIn(Object.values(entries));
  return isList(inboundNodes) ? Math.max(1, inboundNodes.length) * (1 + inner) : inner;
}

/** A call of a layer in a graph, which waits for calls of others. */
interface GraphCall {
  readonly layer: string;
  /** The layers whose calls it takes, and the index of each call. */
  readonly inputs: ReadonlyArray<readonly [layer: string, call: number]>;
}

/** Classes that are called once when constructed. */
const CALLED_AT_CONSTRUCTION: readonly unknown[] = ['InputLayer', 'Model', 'Functional', 'Sequential'];

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

/** Makes calls in an order that tfjs could follow, until none is left; throws if none can be made. */
function requireOrder(calls: readonly GraphCall[]): void {
  const made = new Map<string, number>();
  const isReady = ({inputs}: GraphCall) => inputs.every(([layer, call]) => call < (made.get(layer) ?? 0));
  for (let waiting = calls; waiting.length > 0;) {
    const stuck = waiting.filter((call) => {
      if (!isReady(call)) return true;
      made.set(call.layer, (made.get(call.layer) ?? 0) + 1);
      return false;
    });
    if (stuck.length === waiting.length) {
      const [{layer, inputs}] = stuck;
      throw damagedFile(
        `layer '${layer}': expected inputs that other layers give, found ${formatValue(inputs)}, which never come`,
      );
    }
    waiting = stuck;
  }
}

/**
 * The entries of an object by the names under which tfjs reads them: `inbound_nodes` and `inbound__nodes` become
 * `inboundNodes`.
 */
function tfjsEntries(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) return {};
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key.replace(/_+(\w|$)/g, (_match, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
