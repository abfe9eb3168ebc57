import {type Endpoint, inputsOfNode, type NodeDef, nodeOf, textAttr, textsAttr} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';
import type {Activation, WeightedNode} from './weightedNode.ts';

/** Bias and activation that follow a weighted node and that its layer can apply. */
export interface BiasAndActivation {
  readonly bias: BiasInput | undefined;
  readonly activation: 'linear' | Activation;
  /** The value that the layer computes. */
  readonly output: Endpoint;
  /** Further nodes that the layer replaces. */
  readonly absorbed: readonly NodeDef[];
  /** A node for what the layer cannot apply; it computes the output of the fused node. */
  readonly rest?: NodeDef | undefined;
}

/** The constant that is a bias, and the node that adds it. */
export interface BiasInput {
  readonly endpoint: Endpoint;
  readonly node: string;
}

/** By name of a node, the nodes that take its values. */
export type Consumers = ReadonlyMap<string, readonly NodeDef[]>;

const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ['Relu', 'relu'],
  ['Relu6', 'relu6'],
  ['Elu', 'elu'],
  ['Sigmoid', 'sigmoid'],
  ['Tanh', 'tanh'],
]);

/** Reads the bias and the activation of a node: those fused into it, or of nodes that are its only consumers. */
export function readBiasAndActivation(
  node: NodeDef,
  weighted: WeightedNode,
  graph: ConvertedGraph,
  consumers: Consumers,
): BiasAndActivation | string {
  const fused = textsAttr(node, 'fused_ops');
  return fused.length > 0 ? readFused(node, fused, graph) : readFollowing(node, weighted, graph, consumers);
}

function readFused(node: NodeDef, fused: readonly string[], graph: ConvertedGraph): BiasAndActivation | string {
  const [, , ...args] = inputsOfNode(node);
  const hasBias = fused[0] === 'BiasAdd';
  const [op, ...others] = hasBias ? fused.slice(1) : fused;
  const bias = hasBias ? {endpoint: args[0], node: node.name} : undefined;
  if (others.length > 0 || (bias && !graph.isConstant(bias.endpoint)))
    return `has the fused ops ${fused.join(', ')}, not all of which a layer has`;
  const activation = op === undefined ? 'linear' : ACTIVATIONS.get(op);
  if (activation) return {bias, activation, output: node.name, absorbed: []};
  const output = `${node.name}/linear`;
  const about = {bias, activation: 'linear', output, absorbed: []} as const;
  if (op === 'Prelu') return {...about, rest: {name: node.name, op, input: [output, args[hasBias ? 1 : 0]]}};
  if (op === 'LeakyRelu')
    return {...about, rest: {name: node.name, op, input: [output], attr: {alpha: node.attr?.['leakyrelu_alpha']}}};
  return `has the fused op ${op}, which no layer has`;
}

function readFollowing(
  node: NodeDef,
  weighted: WeightedNode,
  graph: ConvertedGraph,
  consumers: Consumers,
): BiasAndActivation {
  const only = (name: string): NodeDef | undefined => {
    const all = consumers.get(name) ?? [];
    return all.length === 1 && !graph.outputs.includes(name) ? all[0] : undefined;
  };
  const adding = only(node.name);
  const bias = adding && biasIn(adding, node.name, weighted, graph);
  const biased = bias ? adding.name : node.name;
  const acting = only(biased);
  const activation = acting && ACTIVATIONS.get(acting.op);
  return {
    bias,
    activation: activation ?? 'linear',
    output: activation ? acting.name : biased,
    absorbed: [...(bias ? [adding] : []), ...(activation ? [acting] : [])],
  };
}

/** The bias that a node adds: a constant with one number per neuron. */
function biasIn(
  adding: NodeDef,
  value: string,
  {neurons, isChannelsLast}: WeightedNode,
  graph: ConvertedGraph,
): BiasInput | undefined {
  const endpoint = inputsOfNode(adding).find((input) => nodeOf(input) !== value);
  if (endpoint === undefined || !graph.isConstant(endpoint)) return undefined;
  const {shape, size} = graph.constant(endpoint);
  const isVector = size === neurons && shape[shape.length - 1] === neurons;
  const isBiasAdd =
    adding.op === 'BiasAdd' && (textAttr(adding, 'data_format') ?? 'NHWC') === (isChannelsLast ? 'NHWC' : 'NCHW');
  const isSum = ['Add', 'AddV2'].includes(adding.op) && isChannelsLast && shape.length <= 4;
  return isVector && (isBiasAdd || isSum) ? {endpoint, node: adding.name} : undefined;
}
