/** A node of a converted graph, as in `model.json`. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** Endpoints: `node`, `node:1`, or `^node`, a node that only has to run before. */
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** A value of a graph: the name of its node, with `:` and the index of the output where that is not the first. */
export type Endpoint = string;

/** The values that a node takes, in their canonical spelling. */
export function inputsOfNode({input = []}: NodeDef): Endpoint[] {
  return input.filter((text) => !text.startsWith('^')).map(endpointOf);
}

/** The canonical spelling: `node` for `node:0`, and `node:1` for `node:output:1`. */
export function endpointOf(text: string): Endpoint {
  const [node, ...rest] = text.split(':');
  const index = rest.at(-1) ?? '0';
  return index === '0' ? node : `${node}:${index}`;
}

/** The name of the node that computes a value. */
export function nodeOf(endpoint: Endpoint): string {
  return endpoint.split(':')[0];
}

/** A text attribute, as `data_format`. */
export function textAttr(node: NodeDef, key: string): string | undefined {
  return textOf(fieldOf(node.attr?.[key], 's'));
}

/** A list of texts, as `fused_ops`. */
export function textsAttr(node: NodeDef, key: string): string[] {
  return listOf(node.attr?.[key], 's').map((item) => textOf(item) ?? '');
}

/** A list of numbers, as `strides`; in JSON they are texts. */
export function numbersAttr(node: NodeDef, key: string): number[] {
  return listOf(node.attr?.[key], 'i').map(Number);
}

/** A flag, as `transpose_b`. */
export function flagAttr(node: NodeDef, key: string): boolean {
  return fieldOf(node.attr?.[key], 'b') === true;
}

function listOf(attr: unknown, field: string): unknown[] {
  const items = fieldOf(fieldOf(attr, 'list'), field);
  return Array.isArray(items) ? items : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** A text is base64, or a list of character codes. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return atob(value);
  return Array.isArray(value) ? String.fromCharCode(...value.map(Number)) : undefined;
}

/** A name that tfjs accepts for layers and weights. */
export function layerName(name: string): string {
  return name
    .replace(/:0$/, '')
    .replace(/[^-A-Za-z0-9._/]/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '');
}
