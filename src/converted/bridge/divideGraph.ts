import {type Endpoint, inputsOfNode, type NodeDef, nodeOf} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';
import {isLoweredLayer, type LoweredGraph, type LoweredLayer} from './lowerGraph.ts';

/** Nodes that run together between layers. */
export interface Segment {
  readonly nodes: readonly NodeDef[];
  /** Values that it takes from outside, and values that are taken from it. */
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
}

/** A segment, and the layers that can be called once it has run. */
export interface Level {
  readonly segment: Segment | undefined;
  readonly layers: readonly LoweredLayer[];
}

/**
 * Divides a graph at its layers. A node's level is the largest number of layers on a path to it from the inputs. A
 * segment takes values of lower levels, or outputs of layers whose inputs have lower levels, so that no two parts wait
 * for each other.
 */
export function divideGraph(graph: ConvertedGraph, {parts, outputs, constants}: LoweredGraph): Level[] {
  const isConstant = (endpoint: Endpoint): boolean => graph.isConstant(endpoint) || constants.has(endpoint);
  const levels = new Map<string, number>(graph.inputs.map(({node}) => [node, 0]));
  const levelOf = (endpoint: Endpoint): number => levels.get(nodeOf(endpoint)) ?? 0;
  const nodes: NodeDef[][] = [];
  const layers: LoweredLayer[][] = [];
  for (const part of parts) {
    if (isLoweredLayer(part)) {
      (layers[levelOf(part.input)] ??= []).push(part);
      levels.set(nodeOf(part.output), levelOf(part.input) + 1);
    } else {
      const level = Math.max(0, ...inputsOfNode(part).map(levelOf));
      (nodes[level] ??= []).push(part);
      levels.set(part.name, level);
    }
  }
  const taken = new Set([...outputs, ...parts.flatMap((part) => (isLoweredLayer(part) ? [part.input] : []))]);
  const count = Math.max(nodes.length, layers.length);
  return Array.from({length: count}, (_, level) => ({
    segment:
      nodes[level] &&
      segmentOf(
        nodes[level],
        isConstant,
        new Set([...taken, ...nodes.flatMap((others, k) => (k === level ? [] : others.flatMap(inputsOfNode)))]),
      ),
    layers: layers[level] ?? [],
  }));
}

function segmentOf(
  nodes: readonly NodeDef[],
  isConstant: (endpoint: Endpoint) => boolean,
  takenElsewhere: ReadonlySet<Endpoint>,
): Segment {
  const own = new Set(nodes.map(({name}) => name));
  const used = new Set(nodes.flatMap(inputsOfNode));
  return {
    nodes,
    inputs: [...used].filter((endpoint) => !own.has(nodeOf(endpoint)) && !isConstant(endpoint)),
    outputs: [...takenElsewhere].filter((endpoint) => own.has(nodeOf(endpoint))),
  };
}
