import type {SkippedLayer} from '../../records.ts';
import {type Endpoint, inputsOfNode, layerName, type NodeDef, nodeOf} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';
import {type BiasAndActivation, type Consumers, readBiasAndActivation} from '../nodes/biasAndActivation.ts';
import {supportedOps, weightedOp} from '../nodes/registry.ts';
import type {WeightedNode} from '../nodes/weightedNode.ts';

/** A node that becomes a layer of its own. */
export interface NodeLayer {
  readonly node: NodeDef;
  readonly weighted: WeightedNode;
  readonly biasAndActivation: BiasAndActivation;
  /** The name of its layer: its own, or that of an earlier node with the same weights, whose layer it calls, too. */
  readonly name: string;
}

/** The nodes of a graph that become layers, and those with a weight matrix that do not, each with the reason. */
export interface NodeLayers {
  readonly layers: readonly NodeLayer[];
  readonly skipped: readonly SkippedLayer[];
}

/** Finds the weighted nodes of a graph. */
export function findNodeLayers(graph: ConvertedGraph): NodeLayers {
  const consumers = consumersIn(graph);
  const read = graph.nodes
    .filter(({name}) => !graph.isConstant(name))
    .map((node) => ({node, found: readNode(node, graph, consumers)}));
  const candidates = read.flatMap(({node, found}) => (typeof found === 'object' ? [{...found, node}] : []));
  const layers: NodeLayer[] = [];
  const skipped: SkippedLayer[] = [];
  for (const candidate of candidates) {
    const other = otherConsumer(candidate, candidates, consumers);
    const {
      node: {name, op},
    } = candidate;
    if (other === undefined)
      layers.push({
        ...candidate,
        name: layerName(candidates.find((one) => isSameLayer(one, candidate))?.node.name ?? name),
      });
    else skipped.push({name, className: op, reason: `shares its weights with '${other}', which uses them otherwise`});
  }
  const absorbed = new Set(layers.flatMap(({biasAndActivation}) => biasAndActivation.absorbed));
  for (const {node, found} of read) {
    if (typeof found === 'object' || absorbed.has(node)) continue;
    const reason =
      found ?? (hasMatrix(node, graph) ? `unsupported op; supported are ${supportedOps().join(', ')}` : undefined);
    if (reason !== undefined) skipped.push({name: node.name, className: node.op, reason});
  }
  return {layers, skipped: [...skipped, ...deferredSkips(graph)]};
}

type Candidate = Omit<NodeLayer, 'name'>;

/** A reason where it cannot be a layer; undefined where its op has no kernel. */
function readNode(
  node: NodeDef,
  graph: ConvertedGraph,
  consumers: Consumers,
): Omit<Candidate, 'node'> | string | undefined {
  const weighted = weightedOp(node.op)?.read(node, graph);
  if (typeof weighted !== 'object') return weighted === undefined || hasMatrix(node, graph) ? weighted : undefined;
  const biasAndActivation = readBiasAndActivation(node, weighted, graph, consumers);
  return typeof biasAndActivation === 'string' ? biasAndActivation : {weighted, biasAndActivation};
}

/** The name of a node that takes the same kernel, but not for the same layer. */
function otherConsumer(
  candidate: Candidate,
  candidates: readonly Candidate[],
  consumers: Consumers,
): string | undefined {
  return consumers.get(nodeOf(candidate.weighted.kernel))?.find((consumer) => {
    const counterpart = candidates.find(({node}) => node === consumer);
    return !counterpart || !isSameLayer(counterpart, candidate);
  })?.name;
}

/** Whether two nodes are calls of one layer. */
function isSameLayer(one: Candidate, other: Candidate): boolean {
  return one === other || layerSignature(one) === layerSignature(other);
}

function layerSignature({
  node: {op, attr = {}},
  weighted: {kernel},
  biasAndActivation: {bias, activation, rest},
}: Candidate): string {
  // Attributes that begin with _ are notes of TensorFlow.
  const sorted = Object.entries(attr)
    .filter(([key]) => !key.startsWith('_'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([op, sorted, kernel, bias?.endpoint, activation, rest?.op]);
}

/** Whether a node takes a constant with at least two axes longer than 1. */
function hasMatrix(node: NodeDef, graph: ConvertedGraph): boolean {
  return inputsOfNode(node).some((input) => graph.isConstant(input) && isMatrix(input, graph));
}

function isMatrix(endpoint: Endpoint, graph: ConvertedGraph): boolean {
  const {dtype, shape} = graph.constant(endpoint);
  return dtype === 'float32' && shape.filter((size) => size > 1).length > 1;
}

/** The deferred nodes with a weight matrix. */
function deferredSkips(graph: ConvertedGraph): SkippedLayer[] {
  const reason = `comes after a dynamic op (${graph.dynamicOps.join(', ')}): calibration runs the graph up to there`;
  return [...graph.deferred.values()]
    .filter((node) => weightedOp(node.op) !== undefined || hasMatrix(node, graph))
    .map(({name, op}) => ({name, className: op, reason}));
}

function consumersIn({nodes, deferred}: ConvertedGraph): Consumers {
  const consumers = new Map<string, NodeDef[]>();
  for (const node of [...nodes, ...deferred.values()]) {
    for (const name of new Set(inputsOfNode(node).map(nodeOf)))
      consumers.set(name, [...(consumers.get(name) ?? []), node]);
  }
  return consumers;
}
