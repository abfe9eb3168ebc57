import type {GraphModel} from '@tensorflow/tfjs-converter';
import {type DataType, dispose, type Tensor} from '@tensorflow/tfjs-core';
import {ModelError} from '../../errors.ts';
import {type GraphArtifacts, readGraphArtifacts} from './graphArtifacts.ts';
import {type Endpoint, endpointOf, inputsOfNode, layerName, type NodeDef, nodeOf} from './nodeDef.ts';

/** An input of a graph. */
export interface GraphInput {
  /** As in the signature. */
  readonly name: string;
  readonly node: string;
  /** Open sizes are null. */
  readonly shape: ReadonlyArray<number | null>;
  readonly dtype: DataType;
}

/** The static part of a converted graph: all nodes but those of dynamic ops and what depends on them. */
export interface ConvertedGraph extends GraphArtifacts {
  readonly inputs: readonly GraphInput[];
  /** Outputs computed statically, followed by the inputs of the deferred (dynamic) nodes. */
  readonly outputs: readonly Endpoint[];
  /** The shapes of outputs in the signature. */
  readonly outputShapes: ReadonlyMap<Endpoint, ReadonlyArray<number | null>>;
  /** In an order in which they can run, with constants but without inputs. */
  readonly nodes: readonly NodeDef[];
  /** The nodes that are left out, by name: those of dynamic ops, and what depends on them. */
  readonly deferred: ReadonlyMap<string, NodeDef>;
  /** The dynamic ops that deferred them. */
  readonly dynamicOps: readonly string[];
  /** Whether a value depends on no input. */
  isConstant(endpoint: Endpoint): boolean;
  /** Such a value. It stays the graph's property. */
  constant(endpoint: Endpoint): Tensor;
  /** Frees constants that were computed. */
  dispose(): void;
}

/** Ops that tfjs runs only asynchronously, or whose tensors are kept in lists outside the graph. */
const DYNAMIC = new RegExp(
  `^(${[
    'Switch|Merge|Enter|Exit|NextIteration|LoopCond',
    'If|StatelessIf|While|StatelessWhile',
    'NonMaxSuppression.*|Where|Unique',
    'TensorList.*|TensorArray.*|HashTable.*|LookupTable.*',
  ].join('|')})$`,
);
/** Ops that return other numbers at each call. */
const RANDOM = /^(Random.*|TruncatedNormal|Multinomial|Stateless.*)$/;

/**
 * Reads a GraphModel.
 * @throws ModelError where it has inputs of unknown rank
 */
export async function readGraph(where: string, model: GraphModel): Promise<ConvertedGraph> {
  const saved = await readGraphArtifacts(where, model);
  const all = new Map(saved.topology.node.map((node) => [node.name, node]));
  const {deferred, dynamicOps} = deferredNodes(all);
  const inputs = inputsOf(where, model);
  const outputShapes = outputsOf(model);
  const outputs = staticOutputs([...outputShapes.keys()], all, deferred).filter((endpoint) =>
    all.has(nodeOf(endpoint)),
  );
  const nodes = topologicalOrder(outputs, all);
  const isConstant = findConstants(all);
  const computed = new Map<Endpoint, Tensor>();
  return {
    ...saved,
    inputs,
    nodes,
    deferred,
    dynamicOps,
    outputShapes,
    isConstant,
    outputs: outputs.filter((endpoint) => !isConstant(endpoint)),
    constant(endpoint) {
      const tensor = model.weights[endpoint]?.[0] ?? computed.get(endpoint) ?? [model.execute({}, endpoint)].flat()[0];
      if (!(endpoint in model.weights)) computed.set(endpoint, tensor);
      return tensor;
    },
    dispose() {
      dispose([...computed.values()]);
      computed.clear();
    },
  };
}

function inputsOf(where: string, model: GraphModel): GraphInput[] {
  return model.inputs.map(({name, shape, dtype}, i) => {
    const label = model.inputNodes[i];
    if (!Array.isArray(shape) || shape.length === 0)
      throw new ModelError(
        `${where}: expected inputs of a known rank, got '${label}' without a shape; ` +
          'convert the model with a signature that says it',
      );
    return {
      name: layerName(label),
      node: name,
      shape: shape.map((size) => (size >= 0 ? size : null)),
      dtype: dtype ?? 'float32',
    };
  });
}

interface SignatureEntry {
  readonly name: string;
  readonly tensorShape?: {readonly dim?: ReadonlyArray<{readonly size: string | number}>};
}

/** In the order in which `predict` returns them. */
function outputsOf(model: GraphModel): Map<Endpoint, ReadonlyArray<number | null>> {
  const signature: {readonly outputs?: Readonly<Record<string, SignatureEntry | undefined>>} =
    model.modelSignature ?? {};
  return new Map(
    model.outputNodes.map((key) => {
      const {name = key, tensorShape} = signature.outputs?.[key] ?? {};
      return [endpointOf(name), (tensorShape?.dim ?? []).map(({size}) => (Number(size) >= 0 ? Number(size) : null))];
    }),
  );
}

function deferredNodes(all: ReadonlyMap<string, NodeDef>): {deferred: Map<string, NodeDef>; dynamicOps: string[]} {
  const consumers = new Map<string, NodeDef[]>();
  for (const node of all.values()) {
    for (const input of inputsOfNode(node))
      consumers.set(nodeOf(input), [...(consumers.get(nodeOf(input)) ?? []), node]);
  }
  const dynamic = [...all.values()].filter(({op}) => DYNAMIC.test(op));
  const deferred = new Map(dynamic.map((node) => [node.name, node]));
  // A Map also iterates over keys that are added meanwhile.
  for (const name of deferred.keys())
    for (const consumer of consumers.get(name) ?? []) deferred.set(consumer.name, consumer);
  return {deferred, dynamicOps: [...new Set(dynamic.map(({op}) => op))]};
}

/** The outputs that are not deferred, and what deferred nodes take from other nodes. */
function staticOutputs(
  outputs: readonly Endpoint[],
  all: ReadonlyMap<string, NodeDef>,
  deferred: ReadonlyMap<string, NodeDef>,
): Endpoint[] {
  const taken = [...deferred.values()].flatMap(inputsOfNode);
  const isInput = (endpoint: Endpoint): boolean => all.get(nodeOf(endpoint))?.op.startsWith('Placeholder') === true;
  return [...new Set([...outputs, ...taken.filter((endpoint) => !isInput(endpoint))])].filter(
    (endpoint) => !deferred.has(nodeOf(endpoint)),
  );
}

/** The nodes that values need, each after those that it takes from; without recursion, since graphs may be deep. */
function topologicalOrder(outputs: readonly Endpoint[], all: ReadonlyMap<string, NodeDef>): NodeDef[] {
  const order = new Set<NodeDef>();
  const opened = new Set<NodeDef>();
  const open: Array<{readonly node: NodeDef; readonly isExpanded: boolean}> = [];
  const push = (endpoint: Endpoint): void => {
    const node = all.get(nodeOf(endpoint));
    if (node && !node.op.startsWith('Placeholder')) open.push({node, isExpanded: false});
  };
  [...outputs].reverse().forEach(push);
  for (let next = open.pop(); next; next = open.pop()) {
    if (order.has(next.node)) continue;
    if (next.isExpanded) {
      order.add(next.node);
      continue;
    }
    if (opened.has(next.node)) continue; // its own ancestor: a loop of control flow
    opened.add(next.node);
    open.push({node: next.node, isExpanded: true});
    inputsOfNode(next.node).reverse().forEach(push);
  }
  return [...order];
}

function findConstants(all: ReadonlyMap<string, NodeDef>): (endpoint: Endpoint) => boolean {
  const known = new Map<string, boolean>();
  for (const node of topologicalOrder([...all.keys()], all)) {
    const inputs = inputsOfNode(node);
    const depends =
      inputs.length === 0 ||
      RANDOM.test(node.op) ||
      DYNAMIC.test(node.op) ||
      inputs.some((input) => known.get(nodeOf(input)) !== true);
    known.set(node.name, node.op === 'Const' || !depends);
  }
  return (endpoint) => known.get(nodeOf(endpoint)) === true;
}
