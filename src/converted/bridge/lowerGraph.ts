import type {Tensor} from '@tensorflow/tfjs-core';
import type {Endpoint, NodeDef} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';
import {storeConstant, type StoredConstant} from '../segments/segmentProgram.ts';
import type {NodeLayer} from './nodeLayers.ts';

/** One call of a layer, between values of the graph. */
export interface LoweredLayer {
  readonly layer: NodeLayer;
  readonly input: Endpoint;
  readonly output: Endpoint;
}

/** A graph as calls of layers and nodes left for segments, in an order in which they can run. */
export interface LoweredGraph {
  readonly parts: ReadonlyArray<NodeDef | LoweredLayer>;
  readonly outputs: readonly Endpoint[];
  /** Constants that are not in the graph itself. */
  readonly constants: ReadonlyMap<string, StoredConstant>;
}

/** Splits fused nodes into layers and gives every graph output its own layer output. */
export function lowerGraph(graph: ConvertedGraph, layers: readonly NodeLayer[]): LoweredGraph {
  const absorbed = new Set(layers.flatMap(({biasAndActivation}) => biasAndActivation.absorbed));
  const constants = new Map<string, StoredConstant>();
  const parts = graph.nodes
    .filter(({name}) => !graph.isConstant(name))
    .flatMap((node): Array<NodeDef | LoweredLayer> => {
      const layer = layers.find((one) => one.node === node);
      if (!layer) return absorbed.has(node) ? [] : [node];
      const {
        weighted: {input, padding},
        biasAndActivation: {output, rest},
      } = layer;
      const padded = padding?.some((pair) => pair.some((size) => size > 0))
        ? paddingNode(node.name, input, padding, constants)
        : undefined;
      return [...(padded ? [padded] : []), {layer, input: padded?.name ?? input, output}, ...(rest ? [rest] : [])];
    });
  const inputs = new Set(graph.inputs.map(({node}) => node));
  const outputs = graph.outputs.map((endpoint) => {
    // With deferred nodes, every output comes from a segment, which reports the nodes that are left out.
    if (!inputs.has(endpoint) && graph.deferred.size === 0) return endpoint;
    const copy: NodeDef = {name: `${endpoint}/output`, op: 'Identity', input: [endpoint]};
    parts.push(copy);
    return copy.name;
  });
  return {parts, outputs, constants};
}

/** Whether a part is a call of a layer. */
export function isLoweredLayer(part: NodeDef | LoweredLayer): part is LoweredLayer {
  return 'layer' in part;
}

function paddingNode(
  name: string,
  input: Endpoint,
  padding: ReadonlyArray<readonly [number, number]>,
  constants: Map<string, StoredConstant>,
): NodeDef {
  const sizes = `${name}/paddings`;
  const about: Pick<Tensor, 'dtype' | 'shape'> = {dtype: 'int32', shape: [padding.length, 2]};
  constants.set(sizes, storeConstant(sizes, about, padding.flat()));
  return {name: `${name}/padded`, op: 'Pad', input: [input, sizes]};
}
