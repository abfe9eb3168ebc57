import {layers} from '@tensorflow/tfjs-layers';
import {flagAttr, inputsOfNode, type NodeDef} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';
import type {WeightedNode, WeightedOp} from './weightedNode.ts';

/** MatMul with a constant right factor `[features, neurons]`, or its transpose. */
export const matMulNode: WeightedOp = {
  ops: ['MatMul', '_FusedMatMul'],
  read: (node, graph) => denseNode(node, graph, flagAttr(node, 'transpose_a'), flagAttr(node, 'transpose_b')),
};

/** BatchMatMul with one constant matrix as right factor. */
export const batchMatMulNode: WeightedOp = {
  ops: ['BatchMatMulV2', 'BatchMatMul'],
  read: (node, graph) => denseNode(node, graph, flagAttr(node, 'adj_x'), flagAttr(node, 'adj_y')),
};

function denseNode(
  node: NodeDef,
  graph: ConvertedGraph,
  isLeftTransposed: boolean,
  isTransposed: boolean,
): WeightedNode | string {
  const [input, kernel] = inputsOfNode(node);
  if (!graph.isConstant(kernel))
    return graph.isConstant(input)
      ? 'has its constant matrix on the left'
      : 'multiplies two values that are computed from the inputs';
  if (isLeftTransposed) return 'transposes its input: features are not its last axis';
  const {shape} = graph.constant(kernel);
  if (shape.length !== 2) return `has a constant of rank ${shape.length}: a matrix for each of a batch`;
  const [features, units] = isTransposed ? [...shape].reverse() : shape;
  return {
    input,
    kernel,
    isTransposed,
    neurons: units,
    isChannelsLast: true,
    inputShape: [null, features],
    layer: (options) => layers.dense({...options, units, kernelInitializer: 'zeros'}),
  };
}
