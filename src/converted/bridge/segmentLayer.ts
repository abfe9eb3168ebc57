import type {Tensor} from '@tensorflow/tfjs-core';
import type {SkippedLayer} from '../../records.ts';
import {type Endpoint, inputsOfNode, type NodeDef, nodeOf} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';
import {GraphSegment} from '../segments/graphSegment.ts';
import {type SegmentProgram, storeConstant, type StoredConstant} from '../segments/segmentProgram.ts';
import type {Segment} from './divideGraph.ts';

/** A segment as a layer, and its weights, which stay the graph's property. */
export interface SegmentLayer {
  readonly layer: GraphSegment;
  readonly weights: readonly Tensor[];
}

/** What a segment layer is made from, besides its nodes. */
export interface SegmentPlan {
  readonly name: string;
  /** Constants that are not in the graph itself. */
  readonly constants: ReadonlyMap<string, StoredConstant>;
  readonly skipped: readonly SkippedLayer[];
  /** Whether it is the last segment, which reports the deferred nodes. */
  readonly isLast: boolean;
  /** The shape of a value; unknown sizes are null. */
  shapeOf(endpoint: Endpoint): ReadonlyArray<number | null>;
}

/** Makes the layer of a segment. */
export async function segmentLayer(
  {nodes, inputs, outputs}: Segment,
  graph: ConvertedGraph,
  {name, constants, skipped, isLast, shapeOf}: SegmentPlan,
): Promise<SegmentLayer> {
  const {computed, stored, weights} = await constantsOf(nodes, graph, constants);
  const placeholders = new Map(inputs.map((endpoint, i) => [endpoint, `@${i}`]));
  const own = new Set(nodes.map((node) => node.name));
  const program: SegmentProgram = {
    nodes: [
      ...[...placeholders.values()].map((placeholder) => ({name: placeholder, op: 'Placeholder'})),
      ...[...stored, ...weights].map((constant) => ({name: constant.name, op: 'Const'})),
      ...[...computed, ...nodes].map((node) => ({
        ...node,
        input: inputsOfNode(node).map((endpoint) => placeholders.get(endpoint) ?? endpoint),
      })),
    ],
    inputs: [...placeholders.values()],
    outputs: outputs.map((endpoint) => ({endpoint, shape: shapeOf(endpoint)})),
    weights: weights.map(({name: weight, tensor: {shape}}) => ({name: weight, shape})),
    constants: stored,
    skipped: skipped.filter((node) => own.has(node.name) || (isLast && graph.deferred.has(node.name))),
  };
  return {
    layer: new GraphSegment({name, program: {name: JSON.stringify(program)}}),
    weights: weights.map(({tensor}) => tensor),
  };
}

interface Constants {
  /** Nodes that are computed from constants. */
  readonly computed: readonly NodeDef[];
  readonly stored: readonly StoredConstant[];
  readonly weights: ReadonlyArray<{readonly name: string; readonly tensor: Tensor}>;
}

/** All constants that nodes need, directly or to compute other constants. */
async function constantsOf(
  nodes: readonly NodeDef[],
  graph: ConvertedGraph,
  own: ReadonlyMap<string, StoredConstant>,
): Promise<Constants> {
  const needed = new Set(nodes.flatMap(inputsOfNode).map(nodeOf));
  const computed: NodeDef[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!graph.isConstant(node.name) || node.op === 'Const' || !needed.has(node.name)) continue;
    computed.unshift(node);
    inputsOfNode(node).forEach((endpoint) => needed.add(nodeOf(endpoint)));
  }
  const stored: StoredConstant[] = [...needed].flatMap((name) => own.get(name) ?? []);
  const weights: Array<{readonly name: string; readonly tensor: Tensor}> = [];
  for (const {name} of graph.nodes.filter((node) => node.op === 'Const' && needed.has(node.name))) {
    const tensor = graph.constant(name);
    const values = await tensor.data<'float32' | 'string'>();
    const isWeight = tensor.dtype === 'float32' && Array.from<unknown>(values).every((value) => Number.isFinite(value));
    if (isWeight) weights.push({name, tensor});
    else stored.push(storeConstant(name, tensor, values));
  }
  return {computed, stored, weights};
}
